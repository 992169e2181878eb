import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type {
  FacetName,
  Hub,
  IFacetValue,
  IRepoItem,
  ISearchPage,
  ISearchQuery,
  RepoType,
  SortOrder
} from '../api';
import { explain, isAborted } from '../components/explain';

/** What the side bar looks for, as it is kept between sessions. */
export interface ICatalogState {
  text: string;
  type: RepoType | null;
  filters: Partial<Record<FacetName, string[]>>;
  sort: SortOrder;
}

/** What the side bar is doing. */
export type CatalogPhase = 'loading' | 'ready' | 'failed';

/** The facets in the order in which the side bar offers them. */
export const FACETS: readonly FacetName[] = [
  'task',
  'library',
  'license',
  'language'
];

const DEFAULT_STATE: ICatalogState = {
  text: '',
  type: null,
  filters: {},
  sort: 'updated'
};

/** What the side bar shows: a question to the hub and the answers so far. */
export class CatalogModel implements IDisposable {
  constructor(options: CatalogModel.IOptions) {
    this._hub = options.hub;
    this._trans = options.trans;
    this._debounceMs = options.debounceMs ?? 200;
    this._pageSize = options.pageSize ?? 50;
  }

  /** Emitted when anything that is shown changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the question changed, so that it can be kept. */
  get stateChanged(): ISignal<this, ICatalogState> {
    return this._stateChanged;
  }

  /** Emitted when the cursor should go to the search box. */
  get focusRequested(): ISignal<this, void> {
    return this._focusRequested;
  }

  /** What is looked for. */
  get state(): Readonly<ICatalogState> {
    return this._state;
  }

  /** The results so far. */
  get items(): readonly IRepoItem[] {
    return this._items;
  }

  /** How many repositories match. */
  get total(): number {
    return this._total;
  }

  /** Whether the list is being loaded, ready, or could not be loaded. */
  get phase(): CatalogPhase {
    return this._phase;
  }

  /** Why the list could not be loaded, with the remedy. */
  get error(): string {
    return this._error;
  }

  /** Whether there are more results than loaded. */
  get hasMore(): boolean {
    return this._items.length < this._total;
  }

  /** Whether anything narrows the list. */
  get isNarrowed(): boolean {
    const { text, type, filters } = this._state;
    return (
      text.trim() !== '' ||
      type !== null ||
      Object.values(filters).some(values => values.length > 0)
    );
  }

  /** How many repositories there are of each kind, for the present text and filters. */
  countOf(type: RepoType | null): number | undefined {
    const facet = this._facets.type;
    if (!facet) {
      return undefined;
    }
    return facet
      .filter(value => type === null || value.value === type)
      .reduce((sum, value) => sum + value.count, 0);
  }

  /** The values of a facet, the chosen ones always among them. */
  facet(name: FacetName): IFacetValue[] {
    const values = this._facets[name] ?? [];
    const known = new Set(values.map(value => value.value));
    const missing = (this._state.filters[name] ?? [])
      .filter(value => !known.has(value))
      .map(value => ({ value, label: value, count: 0 }));
    return [...values, ...missing];
  }

  /** Take over a question that was kept, and ask it. */
  restore(state: Partial<ICatalogState> | undefined): Promise<void> {
    this._state = { ...this._state, ...state };
    return this.refresh();
  }

  /** Look for a text, once the person stops typing. */
  setText(text: string): void {
    this._update({ text });
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(
      () => void this.refresh(),
      this._debounceMs
    );
  }

  /** Show one kind of repositories, or all. */
  setType(type: RepoType | null): Promise<void> {
    this._update({ type });
    return this.refresh();
  }

  /** Change the order. */
  setSort(sort: SortOrder): Promise<void> {
    this._update({ sort });
    return this.refresh();
  }

  /** Choose a value of a facet, or withdraw the choice. */
  toggleFilter(name: FacetName, value: string): Promise<void> {
    const chosen = this._state.filters[name] ?? [];
    const next = chosen.includes(value)
      ? chosen.filter(other => other !== value)
      : [...chosen, value];
    this._update({ filters: { ...this._state.filters, [name]: next } });
    return this.refresh();
  }

  /** Show everything again. */
  clear(): Promise<void> {
    this._update({ text: '', type: null, filters: {} });
    return this.refresh();
  }

  /** Move the cursor to the search box. */
  requestFocus(): void {
    this._focusRequested.emit();
  }

  /** Ask the hub again; as many results stay visible as were loaded. */
  async refresh(): Promise<void> {
    window.clearTimeout(this._timer);
    this._phase = 'loading';
    this._changed.emit();
    const limit = Math.max(this._pageSize, this._shownPages() * this._pageSize);
    await this._ask(limit, 0);
  }

  /** Load the next page. */
  async loadMore(): Promise<void> {
    if (this.hasMore && this._phase === 'ready') {
      this._phase = 'loading';
      this._changed.emit();
      await this._ask(this._pageSize, this._items.length);
    }
  }

  /** Whether the model is disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Withdraw requests and listeners. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._request?.abort();
    Signal.clearData(this);
  }

  private _update(change: Partial<ICatalogState>): void {
    this._state = { ...this._state, ...change };
    this._items = this._items.slice(0, this._pageSize);
    this._stateChanged.emit(this._state);
    this._changed.emit();
  }

  private _shownPages(): number {
    return Math.ceil(this._items.length / this._pageSize);
  }

  private async _ask(limit: number, offset: number): Promise<void> {
    this._request?.abort();
    const request = (this._request = new AbortController());
    const query: ISearchQuery = { ...this._state, limit, offset };
    try {
      const page = await this._hub.search(query, request.signal);
      if (request === this._request && !this._isDisposed) {
        this._take(page, offset);
      }
    } catch (error) {
      if (request === this._request && !isAborted(error)) {
        this._phase = 'failed';
        this._error = explain(error, this._trans);
        this._changed.emit();
      }
    }
  }

  private _take(page: ISearchPage, offset: number): void {
    this._items = [...this._items.slice(0, offset), ...page.items];
    this._total = page.total;
    this._facets = page.facets;
    this._phase = 'ready';
    this._error = '';
    this._changed.emit();
  }

  private readonly _hub: CatalogModel.ISearch;
  private readonly _trans: TranslationBundle;
  private readonly _debounceMs: number;
  private readonly _pageSize: number;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _stateChanged = new Signal<this, ICatalogState>(this);
  private readonly _focusRequested = new Signal<this, void>(this);
  private _state: ICatalogState = DEFAULT_STATE;
  private _items: IRepoItem[] = [];
  private _total = 0;
  private _facets: ISearchPage['facets'] = {};
  private _phase: CatalogPhase = 'loading';
  private _error = '';
  private _request: AbortController | null = null;
  private _timer = 0;
  private _isDisposed = false;
}

export namespace CatalogModel {
  /** The part of the hub that the side bar asks. */
  export type ISearch = Pick<Hub, 'search'>;

  /** What the model needs. */
  export interface IOptions {
    hub: ISearch;
    trans: TranslationBundle;
    /** How long typing must pause before the hub is asked. */
    debounceMs?: number;
    /** How many results are loaded at once. */
    pageSize?: number;
  }
}
