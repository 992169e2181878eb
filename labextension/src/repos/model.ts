import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Hub, IRepoInfo, IRepoRef } from '../api';
import { explain } from '../components/explain';
import type { ICardFacts } from './card';
import { cardFacts } from './card';

/** The tabs of a repository's page. */
export type RepoTab =
  'card' | 'files' | 'history' | 'community' | 'evaluation' | 'use';

/** The branch that pages show. */
export const REVISION = 'main';

/** What the page of one repository shows. */
export class RepoModel implements IDisposable {
  constructor(options: RepoModel.IOptions) {
    this.repo = options.repo;
    this._hub = options.hub;
    this._trans = options.trans;
    this._tab = options.tab ?? 'card';
  }

  /** The repository. */
  readonly repo: IRepoRef;

  /** Emitted when anything that is shown changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The metadata, or null while it is loading or when it could not be loaded. */
  get info(): IRepoInfo | null {
    return this._info;
  }

  /** What the page shows beside the card. */
  get facts(): ICardFacts | null {
    return this._facts;
  }

  /** Why the page could not be loaded, or nothing. */
  get error(): string {
    return this._error;
  }

  /** Whether the person likes the repository. */
  get liked(): boolean {
    return this._liked;
  }

  /** The open tab. */
  get tab(): RepoTab {
    return this._tab;
  }

  set tab(tab: RepoTab) {
    this._tab = tab;
    this._changed.emit();
  }

  /** The file or folder that the files tab shows; empty for the root. */
  get path(): string {
    return this._path;
  }

  /** Show a file or folder. */
  openPath(path: string): void {
    this._path = path;
    this._tab = 'files';
    this._changed.emit();
  }

  /** Load the metadata, again if need be. */
  async refresh(): Promise<void> {
    try {
      this._info = await this._hub.info(this.repo);
      this._facts = cardFacts(this._info);
      this._error = '';
    } catch (error) {
      this._error = explain(error, this._trans);
    }
    this._emit();
    // The heart is a detail: without an answer it stays empty.
    this._liked = await this._hub.isLiked(this.repo).catch(() => false);
    this._emit();
  }

  /** Like the repository, or no longer. */
  async toggleLike(): Promise<void> {
    const answer = await this._hub.like(this.repo, !this._liked);
    this._liked = answer.liked;
    if (this._info) {
      this._info = { ...this._info, likes: answer.likes };
    }
    this._emit();
  }

  /** Whether the model is disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Drop the listeners. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _hub: RepoModel.IHub;
  private readonly _trans: TranslationBundle;
  private readonly _changed = new Signal<this, void>(this);
  private _info: IRepoInfo | null = null;
  private _facts: ICardFacts | null = null;
  private _error = '';
  private _liked = false;
  private _tab: RepoTab;
  private _path = '';
  private _isDisposed = false;
}

export namespace RepoModel {
  /** The part of the hub that the model asks. */
  export type IHub = Pick<Hub, 'info' | 'isLiked' | 'like'>;

  /** What the model needs. */
  export interface IOptions {
    repo: IRepoRef;
    hub: IHub;
    trans: TranslationBundle;
    tab?: RepoTab;
  }
}
