import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { SortOrder } from '../api';
import { CommandIDs, IHubConnection, PALETTE_CATEGORY } from '../tokens';
import { addCommands } from './commands';
import type { ICatalogState } from './model';
import { CatalogModel } from './model';
import { CatalogPanel } from './panel';

const PLUGIN_ID = '@phub/jupyterlab:catalog';

/** Right below the file browser and the running sessions. */
const RANK = 250;

/** The side bar. */
export const catalogPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Shows what the private hub holds in the side bar.',
  autoStart: true,
  requires: [IHubConnection],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    IStateDB,
    ISettingRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    connection: IHubConnection,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    stateDB: IStateDB | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('phub_jupyter');
    const { hub } = connection;
    const model = new CatalogModel({ hub, trans });
    const panel = new CatalogPanel({
      model,
      hub,
      trans,
      onOpen: ({ type, id }) =>
        void app.commands.execute(CommandIDs.openRepo, { type, id })
    });
    addCommands({ app, model, panel, trans });
    app.shell.add(panel, 'left', { rank: RANK, type: 'Private Hub' });
    restorer?.add(panel, panel.id);
    for (const command of [
      CommandIDs.openCatalog,
      CommandIDs.searchCatalog,
      CommandIDs.refreshCatalog
    ]) {
      palette?.addItem({
        command,
        category: PALETTE_CATEGORY,
        args: { isPalette: true }
      });
    }
    void restoreQuestion(model, stateDB, settings);
  }
};

/** Show what the person looked for last, sorted as their settings say at first. */
async function restoreQuestion(
  model: CatalogModel,
  stateDB: IStateDB | null,
  settings: ISettingRegistry | null
): Promise<void> {
  const kept = await stateDB?.fetch(PLUGIN_ID).catch(() => undefined);
  const loaded = await settings?.load(PLUGIN_ID).catch(() => null);
  const sort = loaded?.get('sort').composite as SortOrder | undefined;
  await model.restore({
    ...(sort && { sort }),
    ...(kept as Partial<ICatalogState> | undefined)
  });
  model.stateChanged.connect((_, state) => {
    void stateDB?.save(PLUGIN_ID, { ...state, text: '' } as never);
  });
}
