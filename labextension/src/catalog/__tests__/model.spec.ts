import { nullTranslator } from '@jupyterlab/translation';

import type { IRepoItem, ISearchPage, ISearchQuery } from '../../api';
import { HubError } from '../../api';
import { CatalogModel } from '../model';

const trans = nullTranslator.load('phub_jupyter');

function item(id: string): IRepoItem {
  return { id, type: 'model' } as IRepoItem;
}

/** A hub with so many models that remembers what it was asked. */
class CountingHub implements CatalogModel.ISearch {
  constructor(private readonly _total: number) {}

  readonly asked: ISearchQuery[] = [];
  failure: Error | null = null;

  async search(query: ISearchQuery): Promise<ISearchPage> {
    this.asked.push(query);
    if (this.failure) {
      throw this.failure;
    }
    const count = Math.min(query.limit, this._total - query.offset);
    return {
      items: Array.from({ length: count }, (_, index) =>
        item(`demo/m${query.offset + index}`)
      ),
      total: this._total,
      facets: {
        type: [{ value: 'model', label: 'Models', count: this._total }],
        task: [{ value: 'fill-mask', label: 'Fill-Mask', count: 2 }]
      }
    };
  }
}

function modelOf(hub: CountingHub): CatalogModel {
  return new CatalogModel({ hub, trans, pageSize: 10, debounceMs: 5 });
}

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, ms));

describe('CatalogModel', () => {
  it('loads page after page', async () => {
    const model = modelOf(new CountingHub(14));
    await model.refresh();
    expect(model.items).toHaveLength(10);
    expect(model.hasMore).toBe(true);
    await model.loadMore();
    expect(model.items.map(({ id }) => id)).toContain('demo/m13');
    expect(model.items).toHaveLength(14);
    expect(model.hasMore).toBe(false);
  });

  it('asks once when typing stops', async () => {
    const hub = new CountingHub(1);
    const model = modelOf(hub);
    for (const text of ['m', 'mi', 'min']) {
      model.setText(text);
    }
    await pause(40);
    expect(hub.asked.map(query => query.text)).toEqual(['min']);
  });

  it('shows the answer to the newest question only', async () => {
    const answers: ((page: ISearchPage) => void)[] = [];
    const model = new CatalogModel({
      hub: { search: () => new Promise(resolve => answers.push(resolve)) },
      trans
    });
    const first = model.setType('model');
    const second = model.setType('dataset');
    answers[1]({ items: [item('demo/new')], total: 1, facets: {} });
    answers[0]({ items: [item('demo/old')], total: 1, facets: {} });
    await Promise.all([first, second]);
    expect(model.items.map(({ id }) => id)).toEqual(['demo/new']);
  });

  it('chooses and withdraws filters', async () => {
    const hub = new CountingHub(3);
    const model = modelOf(hub);
    await model.toggleFilter('task', 'fill-mask');
    expect(hub.asked[0].filters.task).toEqual(['fill-mask']);
    expect(model.isNarrowed).toBe(true);
    await model.toggleFilter('task', 'fill-mask');
    expect(hub.asked[1].filters.task).toEqual([]);
    expect(model.isNarrowed).toBe(false);
  });

  it('keeps a chosen value on offer although nothing has it', async () => {
    const model = modelOf(new CountingHub(0));
    await model.toggleFilter('license', 'mit');
    expect(model.facet('license')).toEqual([
      { value: 'mit', label: 'mit', count: 0 }
    ]);
  });

  it('says why the hub could not be searched, and recovers', async () => {
    const hub = new CountingHub(1);
    hub.failure = new HubError({
      message: 'The hub is being moved.',
      status: 503,
      code: 'Overloaded',
      retryAfter: 5
    });
    const model = modelOf(hub);
    await model.refresh();
    expect(model.phase).toBe('failed');
    expect(model.error).toBe('The hub is being moved. Try again in 5 s.');
    hub.failure = null;
    await model.refresh();
    expect(model.phase).toBe('ready');
  });

  it('restores what was looked for', async () => {
    const hub = new CountingHub(1);
    const model = modelOf(hub);
    await model.restore({ type: 'space', sort: 'likes' });
    expect(hub.asked[0]).toMatchObject({ type: 'space', sort: 'likes' });
  });

  it('can be disposed twice', () => {
    const model = modelOf(new CountingHub(0));
    model.dispose();
    model.dispose();
    expect(model.isDisposed).toBe(true);
  });
});
