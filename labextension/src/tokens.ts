import { Token } from '@lumino/coreutils';

import type { Hub, IHubStatus, IRepoRef } from './api';

/** The connection to the hub, shared by all parts. */
export interface IHubConnection {
  /** The client that knows the hub's addresses. */
  readonly hub: Hub;

  /** What the hub says about itself; asked once, and again after a failure. */
  status(): Promise<IHubStatus>;
}

/** The token of the connection to the hub. */
export const IHubConnection = new Token<IHubConnection>(
  '@phub/jupyterlab:IHubConnection',
  'The connection of this Lab to its private hub.'
);

/** The pages of repositories that are open. */
export interface IRepoPages {
  /** The repository whose page was used last, or null when none is open. */
  current(): IRepoRef | null;
}

/** The token of the open pages. */
export const IRepoPages = new Token<IRepoPages>(
  '@phub/jupyterlab:IRepoPages',
  'The pages of repositories that are open.'
);

/**
 * The ids of all commands.
 *
 * Parts of the extension call each other through these and nothing else.
 */
export namespace CommandIDs {
  /** Show the side bar. */
  export const openCatalog = 'phub:open-catalog';

  /** Show the side bar with the cursor in the search box; args: `{text?, type?}`. */
  export const searchCatalog = 'phub:search-catalog';

  /** Ask the hub again for what the side bar shows. */
  export const refreshCatalog = 'phub:refresh-catalog';

  /** Open the page of a repository; args: `{type, id}`, asked for when missing. */
  export const openRepo = 'phub:open-repo';

  /** Show how to call a model over HTTP; args: `{id}`. */
  export const deployModel = 'phub:deploy-model';

  /** Insert a cell that uses a repository; args: `{type, id, task?}`. */
  export const useInNotebook = 'phub:use-in-notebook';

  /** Insert a cell that trains a model; args: `{model?, dataset?}`. */
  export const trainModel = 'phub:train-model';

  /** Publish the active notebook as a Space. */
  export const publishSpace = 'phub:publish-space';

  /** Open the app of a Space in a browser tab of its own; args: `{id}`. */
  export const openApp = 'phub:open-app';
}

/** The category of our commands in the palette. */
export const PALETTE_CATEGORY = 'Private Hub';
