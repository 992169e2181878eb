import type { RepoType } from '../api';

/** A notebook cell that uses a repository. */
export interface ICell {
  /** A short name that is stable. */
  name: 'infer' | 'transformers' | 'train' | 'datasets' | 'files';
  source: string;
}

/** What a cell is about. */
export interface ISubject {
  type: RepoType;
  id: string;
  task?: string | null;
}

/** What the cell that trains is about; what is missing is left to fill in. */
export interface ITraining {
  model?: string;
  dataset?: string;
  to?: string;
}

/** The text that classifiers are tried with. */
export const EXAMPLE_TEXT = 'I loved every minute of it.';

/** The cells that use a repository, the most useful one first. */
export function cellsFor(subject: ISubject): ICell[] {
  const cells: Record<RepoType, (subject: ISubject) => ICell[]> = {
    model: modelCells,
    dataset: datasetCells,
    space: spaceCells
  };
  return cells[subject.type](subject);
}

/** The cell that trains a model on a dataset. */
export function trainCell(training: ITraining): ICell {
  const model = training.model || 'NAMESPACE/MODEL';
  const dataset = training.dataset || 'NAMESPACE/DATASET';
  const to = training.to ? ` --to ${training.to}` : '';
  return {
    name: 'train',
    source: `%phub train --model ${model} --dataset ${dataset} --candidates 6${to}`
  };
}

function modelCells({ id, task }: ISubject): ICell[] {
  if (task === 'text-classification') {
    return [
      { name: 'infer', source: `%phub infer ${id} "${EXAMPLE_TEXT}"` },
      {
        name: 'transformers',
        source: [
          'from transformers import pipeline',
          '',
          `classify = pipeline("text-classification", model="${id}")`,
          `classify("${EXAMPLE_TEXT}")`
        ].join('\n')
      },
      trainCell({ model: id })
    ];
  }
  return [
    {
      name: 'transformers',
      source: [
        'from transformers import AutoModel, AutoTokenizer',
        '',
        `tokenizer = AutoTokenizer.from_pretrained("${id}")`,
        `model = AutoModel.from_pretrained("${id}")`
      ].join('\n')
    },
    trainCell({ model: id })
  ];
}

function datasetCells({ id }: ISubject): ICell[] {
  return [
    {
      name: 'datasets',
      source: [
        'from datasets import load_dataset',
        '',
        `data = load_dataset("${id}")`,
        'data'
      ].join('\n')
    },
    trainCell({ dataset: id })
  ];
}

function spaceCells({ id }: ISubject): ICell[] {
  return [
    {
      name: 'files',
      source: [
        'from huggingface_hub import snapshot_download',
        '',
        `snapshot_download("${id}", repo_type="space", local_dir="${id.split('/')[1]}")`
      ].join('\n')
    }
  ];
}
