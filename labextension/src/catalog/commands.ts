import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, searchIcon } from '@jupyterlab/ui-components';

import { REPO_TYPES } from '../api';
import type { RepoType } from '../api';
import { hubIcon } from '../components/icons';
import { CommandIDs } from '../tokens';
import type { CatalogModel } from './model';
import type { CatalogPanel } from './panel';

/** Add the commands of the side bar. */
export function addCommands(options: addCommands.IOptions): void {
  const { app, model, panel, trans } = options;

  app.commands.addCommand(CommandIDs.openCatalog, {
    label: trans.__('Open Private Hub'),
    caption: trans.__('Show models, datasets and Spaces in the side bar'),
    icon: args => (args.isPalette ? undefined : hubIcon),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      app.shell.activateById(panel.id);
    }
  });

  app.commands.addCommand(CommandIDs.searchCatalog, {
    label: trans.__('Search Private Hub…'),
    caption: trans.__('Look for models, datasets and Spaces'),
    icon: args => (args.isPalette ? undefined : searchIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          text: { type: 'string', description: 'What to look for' },
          type: {
            type: 'string',
            enum: [...REPO_TYPES],
            description: 'The kind of repository'
          }
        }
      }
    },
    execute: args => {
      app.shell.activateById(panel.id);
      if (typeof args.type === 'string') {
        void model.setType(args.type as RepoType);
      }
      if (typeof args.text === 'string') {
        model.setText(args.text);
      }
      model.requestFocus();
    }
  });

  app.commands.addCommand(CommandIDs.refreshCatalog, {
    label: trans.__('Refresh Private Hub'),
    icon: args => (args.isPalette ? undefined : refreshIcon),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => model.refresh()
  });
}

export namespace addCommands {
  /** What the commands need. */
  export interface IOptions {
    app: JupyterFrontEnd;
    model: CatalogModel;
    panel: CatalogPanel;
    trans: TranslationBundle;
  }
}
