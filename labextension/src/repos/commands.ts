import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRepoRef, RepoType } from '../api';
import { REPO_TYPES } from '../api';
import { explain } from '../components/explain';
import { hubIcon } from '../components/icons';
import type { IHubConnection, IRepoPages } from '../tokens';
import { CommandIDs } from '../tokens';
import { showDeployDialog } from './deploy';
import { parseRepoRef } from './repoRef';

/** Add the commands of repository pages. */
export function addCommands(options: addCommands.IOptions): void {
  const { app, connection, open, pages, trans } = options;

  app.commands.addCommand(CommandIDs.openRepo, {
    label: args =>
      typeof args.id === 'string'
        ? trans.__('Open %1', args.id)
        : trans.__('Open Repository by Id…'),
    caption: trans.__('Open the page of a model, dataset or Space'),
    icon: args => (args.isPalette ? undefined : hubIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          type: {
            type: 'string',
            enum: [...REPO_TYPES],
            description: 'The kind of repository'
          },
          id: { type: 'string', description: 'Its id: namespace/name' },
          tab: { type: 'string', description: 'The part to show' }
        }
      }
    },
    execute: async args => {
      const repo =
        typeof args.id === 'string'
          ? { type: (args.type as RepoType) ?? 'model', id: args.id }
          : await askForRepo(trans);
      if (repo) {
        open(repo, args.tab as string | undefined);
      }
    }
  });

  app.commands.addCommand(CommandIDs.deployModel, {
    label: trans.__('Deploy: Call a Model over HTTP…'),
    caption: trans.__('Show the code that calls a model from a program'),
    describedBy: {
      args: {
        type: 'object',
        properties: { id: { type: 'string', description: 'The model' } }
      }
    },
    execute: async args => {
      const id =
        (args.id as string | undefined) ??
        (pages.current()?.type === 'model' ? pages.current()?.id : undefined) ??
        (await askForId(trans.__('Which model?'), trans));
      if (!id) {
        return;
      }
      try {
        const { endpoint } = await connection.status();
        await showDeployDialog(endpoint, id, trans);
      } catch (error) {
        await showErrorMessage(
          trans.__('The hub does not say where it is'),
          explain(error, trans)
        );
      }
    }
  });
}

export namespace addCommands {
  /** What the commands need. */
  export interface IOptions {
    app: JupyterFrontEnd;
    connection: IHubConnection;
    /** Open the page of a repository. */
    open: (repo: IRepoRef, tab?: string) => void;
    pages: IRepoPages;
    trans: TranslationBundle;
  }
}

async function askForId(
  title: string,
  trans: TranslationBundle
): Promise<string | undefined> {
  const answer = await InputDialog.getText({
    title,
    placeholder: trans.__('namespace/name')
  });
  return answer.button.accept ? answer.value?.trim() : undefined;
}

async function askForRepo(trans: TranslationBundle): Promise<IRepoRef | null> {
  const answer = await InputDialog.getText({
    title: trans.__('Open a repository'),
    label: trans.__(
      'Its id; for a dataset or Space with datasets/ or spaces/ before it'
    ),
    placeholder: trans.__('namespace/name')
  });
  if (!answer.button.accept || !answer.value?.trim()) {
    return null;
  }
  const repo = parseRepoRef(answer.value);
  if (!repo) {
    await showErrorMessage(
      trans.__('This is not a repository id'),
      trans.__(
        '"%1" does not have the form namespace/name, for example demo/minilm.',
        answer.value
      )
    );
  }
  return repo;
}
