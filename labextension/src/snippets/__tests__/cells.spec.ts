import { cellsFor, trainCell } from '../cells';

describe('cellsFor', () => {
  it('asks a classifier first', () => {
    const [first, second] = cellsFor({
      type: 'model',
      id: 'demo/minilm',
      task: 'text-classification'
    });
    expect(first.source).toBe(
      '%phub infer demo/minilm "I loved every minute of it."'
    );
    expect(second.source).toContain(
      'pipeline("text-classification", model="demo/minilm")'
    );
  });

  it('loads a model without a task', () => {
    const [first] = cellsFor({ type: 'model', id: 'demo/minilm' });
    expect(first.name).toBe('transformers');
    expect(first.source).toContain('AutoModel.from_pretrained("demo/minilm")');
  });

  it('loads a dataset', () => {
    const [first] = cellsFor({ type: 'dataset', id: 'demo/reviews' });
    expect(first.source).toContain('load_dataset("demo/reviews")');
  });

  it('gets the files of a Space', () => {
    const [first] = cellsFor({ type: 'space', id: 'demo/app' });
    expect(first.source).toContain('repo_type="space"');
  });
});

describe('trainCell', () => {
  it('names model, dataset and result', () => {
    const cell = trainCell({ model: 'a/m', dataset: 'a/d', to: 'a/r' });
    expect(cell.source).toBe(
      '%phub train --model a/m --dataset a/d --candidates 6 --to a/r'
    );
  });

  it('shows what is left to fill in', () => {
    expect(trainCell({ dataset: 'a/d' }).source).toContain(
      '--model NAMESPACE/MODEL'
    );
  });
});
