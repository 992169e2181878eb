/** The kind of a repository, as the hub's JSON names it. */
export type RepoType = 'model' | 'dataset' | 'space';

/** All kinds, in the order in which tabs show them. */
export const REPO_TYPES: readonly RepoType[] = ['model', 'dataset', 'space'];

/** A repository by kind and `namespace/name`. */
export interface IRepoRef {
  type: RepoType;
  id: string;
}

/** What the hub says about itself and about the person who asks. */
export interface IHubStatus {
  version: string;
  mode: 'embedded' | 'standalone';
  endpoint: string;
  user: { name: string; is_admin: boolean } | null;
}

/** One row of the task table. */
export interface ITask {
  name: string;
  label: string;
  modality: string;
  inputs: string;
  trainable: boolean;
  servable: boolean;
}

/** One search result. */
export interface IRepoItem {
  id: string;
  type: RepoType;
  author: string;
  name: string;
  title: string | null;
  private: boolean;
  task: string | null;
  library: string | null;
  license: string | null;
  languages: string[];
  tags: string[];
  sdk: string | null;
  likes: number;
  liked: boolean;
  downloads: number;
  updated: string;
  created: string;
  description: string | null;
}

/** One value of a facet with the number of repositories that have it. */
export interface IFacetValue {
  value: string;
  label: string;
  count: number;
}

/** The facets that narrow a search. */
export type FacetName = 'task' | 'library' | 'license' | 'language';

/** The orders that the hub can sort by. */
export type SortOrder =
  'trending' | 'updated' | 'likes' | 'downloads' | 'created';

/** A question to the catalog. */
export interface ISearchQuery {
  text: string;
  type: RepoType | null;
  filters: Readonly<Partial<Record<FacetName, readonly string[]>>>;
  sort: SortOrder;
  limit: number;
  offset: number;
}

/** One page of search results. */
export interface ISearchPage {
  items: IRepoItem[];
  total: number;
  facets: Partial<Record<FacetName | 'type', IFacetValue[]>>;
}

/** The front matter of a card, as the hub parsed it. */
export type CardData = Readonly<Record<string, unknown>>;

/** A repository with its metadata. */
export interface IRepoInfo {
  id: string;
  author: string;
  sha: string | null;
  lastModified: string;
  createdAt: string;
  private: boolean;
  likes: number;
  downloads?: number;
  tags: string[];
  cardData?: CardData | null;
  pipeline_tag?: string | null;
  library_name?: string | null;
  sdk?: string | null;
  'model-index'?: unknown;
  usedStorage?: number;
}

/** The last commit that changed a file. */
export interface ILastCommit {
  id: string;
  title: string;
  date: string;
}

/** A file or folder of a repository. */
export interface ITreeEntry {
  type: 'file' | 'directory';
  path: string;
  size: number;
  oid: string;
  lfs?: { oid: string; size: number };
  lastCommit?: ILastCommit;
}

/** One commit of a repository's history. */
export interface ICommit {
  id: string;
  title: string;
  message: string;
  authors: { user: string }[];
  date: string;
}

/** One page of a list and the query that leads to the next one. */
export interface IPage<T> {
  items: T[];
  next: string | null;
}

/** The answer to a like or its withdrawal. */
export interface ILike {
  likes: number;
  liked: boolean;
}

/** One label with its score, from a classifier. */
export interface ILabelScore {
  label: string;
  score: number;
}

/** What can be tried on a model. */
export interface IWidget {
  task: string | null;
  /** What the task takes: `text`, `question+context`, `image`, … */
  inputs: string | null;
  servable: boolean;
  /** Why the hub cannot run the model, if it cannot. */
  reason: string | null;
  /** Where the model takes conversations, if it does. */
  chat: { address: string } | null;
  /** Whether the card wants a form to be shown. */
  shown: boolean;
  examples: IExample[];
}

/** One turn of a conversation with a model. */
export interface IChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A call to try. */
export interface IExample {
  title: string | null;
  /** What to send; with `messages` it is a chat. */
  body: Readonly<Record<string, unknown>>;
  /** Where the picture or sound is that belongs into the body. */
  src: string | null;
}

/** One value of one metric that a model reached on a dataset. */
export interface IEvalResult {
  dataset: { id: string; task_id: string; revision?: string };
  value: number;
  /** Whether the hub computed the value itself. */
  verified: boolean;
  date?: string;
  evaluation: {
    metric?: string;
    label?: string;
    unit?: 'share' | 'points' | 'number';
    higher_is_better?: boolean;
    split?: string;
    rows?: number;
    stderr?: number;
    model_revision?: string;
  };
}

/** A result of a model among all of its kind. */
export interface IStanding extends IEvalResult {
  rank: number;
  of: number;
  best: { modelId: string; value: number };
}

/** A model's place on the leaderboard of a dataset. */
export interface ILeader extends IEvalResult {
  rank: number;
  modelId: string;
}

/** The state of a Space. */
export interface ISpaceRuntime {
  stage: string;
  /** Why the app does not run, if it does not. */
  errorMessage?: string | null;
}

/** Where a discussion or pull request stands. */
export type DiscussionStatus = 'open' | 'closed' | 'merged' | 'draft';

/** A discussion or pull request in a list. */
export interface IDiscussion {
  num: number;
  title: string;
  status: DiscussionStatus;
  createdAt: string;
  isPullRequest: boolean;
  author?: { name: string } | null;
}

/** One page of discussions; `count` is how many there are in all. */
export interface IDiscussionPage {
  discussions: IDiscussion[];
  count: number;
  start: number;
}

/** One thing that happened in a discussion; what `data` holds depends on the type. */
export interface IDiscussionEvent {
  id: string;
  type: string;
  createdAt: string;
  author?: { name: string } | null;
  data: Readonly<Record<string, unknown>>;
}

/** A discussion with all that happened in it; a pull request has its changes as well. */
export interface IDiscussionDetails extends IDiscussion {
  events: IDiscussionEvent[];
  diff?: string;
  filesWithConflicts?: boolean | string[];
}
