import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { chatDeltas } from './chatDeltas';
import { HubError } from './errors';
import type {
  DiscussionStatus,
  FacetName,
  IChatMessage,
  ICommit,
  IDiscussionDetails,
  IDiscussionPage,
  IHubStatus,
  ILeader,
  ILike,
  IPage,
  IRepoInfo,
  IRepoRef,
  ISearchPage,
  ISearchQuery,
  ISpaceRuntime,
  IStanding,
  ITask,
  ITreeEntry,
  IWidget,
  RepoType
} from './types';

/**
 * The hub behind this Jupyter server.
 *
 * This is the only code that knows the hub's addresses.
 */
export class Hub {
  constructor(options: Hub.IOptions) {
    this._settings = options.serverSettings;
    this._root = URLExt.join(options.serverSettings.baseUrl, 'phub');
  }

  /** What the hub says about itself and about the person who asks. */
  status(): Promise<IHubStatus> {
    return this._json('api/phub/status');
  }

  /** The task table. */
  tasks(): Promise<ITask[]> {
    return this._json('api/phub/tasks');
  }

  /** Search the catalog. */
  search(query: ISearchQuery, signal?: AbortSignal): Promise<ISearchPage> {
    return this._json(`api/phub/search?${searchParams(query)}`, { signal });
  }

  /** A repository's metadata; refuses with `RepoNotFound` when it is not there. */
  info(repo: IRepoRef): Promise<IRepoInfo> {
    return this._json(apiPath(repo));
  }

  /** Whether the person likes the repository, and how many do. */
  async like(repo: IRepoRef, liked: boolean): Promise<ILike> {
    return this._json(apiPath(repo, 'like'), {
      method: liked ? 'POST' : 'DELETE'
    });
  }

  /** The search item of a repository, which knows whether the person likes it. */
  async isLiked(repo: IRepoRef): Promise<boolean> {
    const page = await this.search({
      text: repo.id,
      type: repo.type,
      filters: {},
      sort: 'updated',
      limit: 50,
      offset: 0
    });
    return page.items.some(
      item => item.id.toLowerCase() === repo.id.toLowerCase() && item.liked
    );
  }

  /** The files and folders of one folder, with their last commits. */
  async tree(
    repo: IRepoRef,
    revision: string,
    path: string
  ): Promise<ITreeEntry[]> {
    const folder = path ? `/${encodeURIComponent(path)}` : '';
    const base = apiPath(repo, `tree/${encodeURIComponent(revision)}${folder}`);
    const entries: ITreeEntry[] = [];
    let query: string | null = 'expand=true';
    while (query !== null) {
      const page: IPage<ITreeEntry> = await this._page(base, query);
      entries.push(...page.items);
      query = page.next;
    }
    return entries;
  }

  /** One page of the history; `query` is the `next` of the page before. */
  commits(
    repo: IRepoRef,
    revision: string,
    query = 'limit=50'
  ): Promise<IPage<ICommit>> {
    const base = apiPath(repo, `commits/${encodeURIComponent(revision)}`);
    return this._page(base, query);
  }

  /** The first `limit` bytes of a file as text. */
  async text(
    repo: IRepoRef,
    revision: string,
    path: string,
    limit: number
  ): Promise<string> {
    const response = await this._fetch(filePath(repo, revision, path), {
      headers: { Range: `bytes=0-${limit - 1}` }
    });
    return response.text();
  }

  /** A whole file. */
  async blob(repo: IRepoRef, revision: string, path: string): Promise<Blob> {
    const response = await this._fetch(filePath(repo, revision, path));
    return response.blob();
  }

  /** A page of the discussions and pull requests, newest first; pages count from 0. */
  discussions(
    repo: IRepoRef,
    status: 'open' | 'closed',
    page: number
  ): Promise<IDiscussionPage> {
    return this._json(apiPath(repo, `discussions?status=${status}&p=${page}`));
  }

  /** A discussion with its events, and with its changes if it is a pull request. */
  discussion(repo: IRepoRef, num: number): Promise<IDiscussionDetails> {
    return this._json(apiPath(repo, `discussions/${num}?diff=1`));
  }

  /** Begin a discussion; its number. */
  async startDiscussion(
    repo: IRepoRef,
    title: string,
    description: string
  ): Promise<number> {
    const answer = await this._send<{ num: number }>(
      apiPath(repo, 'discussions'),
      { title, description, pullRequest: false }
    );
    return answer.num;
  }

  /** Add a comment to a discussion. */
  comment(repo: IRepoRef, num: number, comment: string): Promise<unknown> {
    return this._send(apiPath(repo, `discussions/${num}/comment`), { comment });
  }

  /** Close or reopen a discussion. */
  setStatus(
    repo: IRepoRef,
    num: number,
    status: DiscussionStatus
  ): Promise<unknown> {
    return this._send(apiPath(repo, `discussions/${num}/status`), { status });
  }

  /** Merge a pull request. */
  merge(repo: IRepoRef, num: number): Promise<unknown> {
    return this._send(apiPath(repo, `discussions/${num}/merge`), {});
  }

  /** What can be tried on a model. */
  widget(id: string): Promise<IWidget> {
    return this._json(apiPath({ type: 'model', id }, 'widget'));
  }

  /** Run a model; it answers with JSON, or with a picture or sound as a `Blob`. */
  async infer(
    id: string,
    body: unknown,
    signal?: AbortSignal
  ): Promise<unknown> {
    const init = { ...posted(body), signal };
    const response = await this._fetch(`models/${encodeId(id)}`, init);
    const type = response.headers.get('Content-Type') ?? '';
    return type.startsWith('application/json')
      ? response.json()
      : response.blob();
  }

  /**
   * Let a model go on with a conversation.
   *
   * `onText` is told what was written so far, as often as there is more.
   */
  async chat(
    id: string,
    messages: readonly IChatMessage[],
    onText: (text: string) => void,
    signal?: AbortSignal
  ): Promise<string> {
    const body = { messages, stream: true };
    const path = `models/${encodeId(id)}/v1/chat/completions`;
    const response = await this._fetch(path, { ...posted(body), signal });
    let text = '';
    for await (const delta of chatDeltas(response)) {
      text += delta;
      onText(text);
    }
    return text;
  }

  /** Whether an address is one of this hub; others are not asked for anything. */
  isOwn(url: string): boolean {
    const root = new URL(this._root, window.location.href).href;
    return url.startsWith(`${root}/`);
  }

  /** A file by its whole address, which must be one of this hub. */
  async file(url: string, signal?: AbortSignal): Promise<Blob> {
    const root = new URL(this._root, window.location.href).href;
    const path = url.slice(root.length + 1);
    const response = await this._fetch(path, { signal });
    return response.blob();
  }

  /** What a model scored, among the models that the person may see. */
  standings(id: string): Promise<IStanding[]> {
    return this._json(apiPath({ type: 'model', id }, 'eval-results'));
  }

  /** The models that were evaluated on a dataset, best first. */
  leaderboard(id: string): Promise<ILeader[]> {
    return this._json(apiPath({ type: 'dataset', id }, 'leaderboard'));
  }

  /** The state of a Space. */
  runtime(id: string): Promise<ISpaceRuntime> {
    return this._json(apiPath({ type: 'space', id }, 'runtime'));
  }

  /** Start a Space again from its newest commit. */
  restart(id: string): Promise<ISpaceRuntime> {
    return this._json(apiPath({ type: 'space', id }, 'restart'), {
      method: 'POST'
    });
  }

  /** Stop a Space until somebody restarts it. */
  pause(id: string): Promise<ISpaceRuntime> {
    return this._json(apiPath({ type: 'space', id }, 'pause'), {
      method: 'POST'
    });
  }

  /** What the app of a Space printed so far. */
  async log(id: string): Promise<string> {
    const path = apiPath({ type: 'space', id }, 'logs/run');
    const response = await this._fetch(`${path}?follow=false`);
    return eventData(await response.text());
  }

  /** The address at which a browser opens the app of a Space. */
  appUrl(id: string): string {
    return this._url(`spaces/${encodeId(id)}/app`);
  }

  /** The address of a file's content, for example of a picture. */
  fileUrl(repo: IRepoRef, revision: string, path: string): string {
    return this._url(filePath(repo, revision, path));
  }

  /** The address at which a browser saves a file. */
  downloadUrl(repo: IRepoRef, revision: string, path: string): string {
    return `${this.fileUrl(repo, revision, path)}?download=true`;
  }

  private _url(path: string): string {
    return `${this._root}/${path}`;
  }

  private async _json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this._fetch(path, init);
    return response.json();
  }

  private _send<T>(
    path: string,
    body: unknown,
    signal?: AbortSignal
  ): Promise<T> {
    return this._json(path, { ...posted(body), signal });
  }

  private async _page<T>(path: string, query: string): Promise<IPage<T>> {
    const response = await this._fetch(`${path}?${query}`);
    return {
      items: await response.json(),
      next: nextQuery(response.headers.get('Link'))
    };
  }

  private async _fetch(
    path: string,
    init: RequestInit = {}
  ): Promise<Response> {
    const response = await ServerConnection.makeRequest(
      this._url(path),
      init,
      this._settings
    ).catch((reason: unknown) => {
      // Lab reports a withdrawn request as a network failure.
      throw init.signal?.aborted
        ? new DOMException('Withdrawn', 'AbortError')
        : reason;
    });
    if (!response.ok) {
      throw await HubError.fromResponse(response);
    }
    return response;
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _root: string;
}

export namespace Hub {
  /** What a hub client needs. */
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
  }
}

function posted(body: unknown): RequestInit {
  return {
    method: 'POST',
    body: JSON.stringify(body),
    // Without it browsers call a string plain text, which models take as it is.
    headers: { 'Content-Type': 'application/json' }
  };
}

/** The path segment of a kind of repositories: `models`, `datasets` or `spaces`. */
function plural(type: RepoType): string {
  return `${type}s`;
}

function encodeId(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/');
}

function apiPath(repo: IRepoRef, rest = ''): string {
  const path = `api/${plural(repo.type)}/${encodeId(repo.id)}`;
  return rest ? `${path}/${rest}` : path;
}

function filePath(repo: IRepoRef, revision: string, path: string): string {
  const prefix = repo.type === 'model' ? '' : `${plural(repo.type)}/`;
  const file = path.split('/').map(encodeURIComponent).join('/');
  return `${prefix}${encodeId(repo.id)}/resolve/${encodeURIComponent(revision)}/${file}`;
}

function searchParams(query: ISearchQuery): string {
  const params = new URLSearchParams();
  if (query.text.trim()) {
    params.set('q', query.text.trim());
  }
  if (query.type) {
    params.set('type', query.type);
  }
  for (const facet of Object.keys(query.filters) as FacetName[]) {
    for (const value of query.filters[facet] ?? []) {
      params.append(facet, value);
    }
  }
  params.set('sort', query.sort);
  params.set('limit', String(query.limit));
  params.set('offset', String(query.offset));
  return params.toString();
}

/** The texts that a stream of events carries, one after the other. */
function eventData(stream: string): string {
  return stream
    .split('\n')
    .filter(line => line.startsWith('data: {'))
    .map(line => JSON.parse(line.slice('data: '.length)).data as string)
    .join('');
}

/** The query of the next page. Only the query counts: a proxy may hide the hub's own host. */
function nextQuery(link: string | null): string | null {
  const match = /<([^>]+)>;\s*rel="next"/.exec(link ?? '');
  return match ? match[1].slice(match[1].indexOf('?') + 1) : null;
}
