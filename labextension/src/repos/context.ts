import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { createContext, useContext } from 'react';

import type { Hub, IRepoRef } from '../api';
import type { RepoModel } from './model';

/** What the parts of a repository's page share. */
export interface IRepoContext {
  hub: Hub;
  model: RepoModel;
  rendermime: IRenderMimeRegistry;
  editors: IEditorServices;
  trans: TranslationBundle;
  taskLabels: ReadonlyMap<string, string>;
  /** Run a command of the application. */
  execute: (command: string, args: Record<string, string | null>) => void;
  /** Open the page of another repository. */
  openRepo: (repo: IRepoRef) => void;
}

/** The context of a repository's page. */
export const RepoContext = createContext<IRepoContext | null>(null);

/** The page that the calling component is part of. */
export function useRepo(): IRepoContext {
  const context = useContext(RepoContext);
  if (!context) {
    throw new Error('This component belongs on a repository page.');
  }
  return context;
}
