import type { CardData, IRepoInfo, RepoType } from '../api';

/** One measured value of a model. */
export interface IScore {
  metric: string;
  value: string;
  dataset: string;
}

/** A link to another repository. */
export interface IRelation {
  type: RepoType;
  id: string;
}

/** What the page shows beside a card. */
export interface ICardFacts {
  license: string | null;
  languages: string[];
  library: string | null;
  task: string | null;
  baseModels: IRelation[];
  datasets: IRelation[];
  models: IRelation[];
  scores: IScore[];
  tags: string[];
}

const REPO_ID = /^[\w.-]+\/[\w.-]+$/;

/** Read the facts out of a repository's metadata; whatever has another shape is left out. */
export function cardFacts(info: IRepoInfo): ICardFacts {
  const data: CardData = info.cardData ?? {};
  return {
    license: texts(data.license).join(', ') || null,
    languages: texts(data.language),
    library: info.library_name ?? texts(data.library_name)[0] ?? null,
    task: info.pipeline_tag ?? texts(data.pipeline_tag)[0] ?? null,
    baseModels: relations('model', data.base_model),
    datasets: relations('dataset', data.datasets),
    models: relations('model', data.models),
    scores: scores(data['model-index'] ?? info['model-index']),
    tags: texts(data.tags)
  };
}

function list(value: unknown): unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}

function texts(value: unknown): string[] {
  return list(value)
    .filter(item => typeof item === 'string' || typeof item === 'number')
    .map(String);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function relations(type: RepoType, value: unknown): IRelation[] {
  return texts(value)
    .filter(id => REPO_ID.test(id))
    .map(id => ({ type, id }));
}

function scores(modelIndex: unknown): IScore[] {
  return list(modelIndex).flatMap(model =>
    list(record(model).results).flatMap(result => {
      const dataset = record(record(result).dataset);
      return list(record(result).metrics).map(metric => {
        const { name, type, value } = record(metric);
        return {
          metric: String(name ?? type ?? ''),
          value: formatScore(value),
          dataset: texts(dataset.name ?? dataset.type)[0] ?? ''
        };
      });
    })
  );
}

/** Four digits behind the point are enough to compare. */
function formatScore(value: unknown): string {
  return typeof value === 'number'
    ? String(Math.round(value * 10000) / 10000)
    : String(value ?? '');
}
