import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import {
  CommandIDs,
  IHubConnection,
  IRepoPages,
  PALETTE_CATEGORY
} from '../tokens';
import { addCommands } from './commands';

/** Cells that use and train what the hub holds. */
export const notebooksPlugin: JupyterFrontEndPlugin<void> = {
  id: '@phub/jupyterlab:notebooks',
  description: 'Writes notebook cells that use and train models of the hub.',
  autoStart: true,
  requires: [IHubConnection, INotebookTracker],
  optional: [ITranslator, IRepoPages, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    connection: IHubConnection,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    pages: IRepoPages | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('phub_jupyter');
    addCommands({ app, connection, notebooks, pages, trans });
    for (const command of [CommandIDs.useInNotebook, CommandIDs.trainModel]) {
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    }
  }
};
