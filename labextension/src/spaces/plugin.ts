import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, IHubConnection, PALETTE_CATEGORY } from '../tokens';
import { addCommands } from './commands';

/** Notebooks as apps. */
export const spacesPlugin: JupyterFrontEndPlugin<void> = {
  id: '@phub/jupyterlab:spaces',
  description: 'Publishes notebooks as Spaces and opens their apps.',
  autoStart: true,
  requires: [IHubConnection, INotebookTracker],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    connection: IHubConnection,
    notebooks: INotebookTracker,
    someTranslator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const translator = someTranslator ?? nullTranslator;
    const trans = translator.load('phub_jupyter');
    addCommands({ app, connection, notebooks, translator, trans });
    palette?.addItem({
      command: CommandIDs.publishSpace,
      category: PALETTE_CATEGORY,
      args: { isPalette: true }
    });
  }
};
