import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RepoType } from '../api';
import { REPO_TYPES } from '../api';
import { explain } from '../components/explain';
import type { ISubject, ITraining } from '../snippets/cells';
import { cellsFor, trainCell } from '../snippets/cells';
import type { IHubConnection, IRepoPages } from '../tokens';
import { CommandIDs } from '../tokens';
import { insertCell } from './insert';
import { askForTraining } from './trainDialog';

/** Add the commands that write notebook cells. */
export function addCommands(options: addCommands.IOptions): void {
  const { app, connection, trans } = options;

  app.commands.addCommand(CommandIDs.useInNotebook, {
    label: trans.__('Use in Notebook'),
    caption: trans.__('Insert a cell that uses a model or dataset'),
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
          task: { type: ['string', 'null'], description: 'Its task' },
          cell: { type: 'string', description: 'Which of the cells to insert' }
        }
      }
    },
    execute: async args => {
      const subject = await findSubject(args, options);
      if (!subject) {
        return;
      }
      const cells = cellsFor(subject);
      const cell = cells.find(other => other.name === args.cell) ?? cells[0];
      await write(cell.source, options);
    }
  });

  app.commands.addCommand(CommandIDs.trainModel, {
    label: trans.__('Train a Model on a Dataset…'),
    caption: trans.__('Insert a cell that trains a model of the hub'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          model: { type: 'string', description: 'The model to start from' },
          dataset: { type: 'string', description: 'The dataset to train on' }
        }
      }
    },
    execute: async args => {
      const page = options.pages?.current() ?? null;
      const status = await connection.status().catch(() => null);
      const training = await askForTraining({
        hub: connection.hub,
        given: {
          ...(page && { [page.type]: page.id }),
          ...(args as ITraining)
        },
        user: status?.user?.name ?? 'NAMESPACE',
        trans
      });
      if (training) {
        await write(trainCell(training).source, options);
      }
    }
  });
}

export namespace addCommands {
  /** What the commands need. */
  export interface IOptions {
    app: JupyterFrontEnd;
    connection: IHubConnection;
    notebooks: INotebookTracker;
    pages: IRepoPages | null;
    trans: TranslationBundle;
  }
}

/** What the cell is about: the arguments, else the page that is open, else what the person says. */
async function findSubject(
  args: Readonly<Record<string, unknown>>,
  options: addCommands.IOptions
): Promise<ISubject | null> {
  const { connection, pages, trans } = options;
  if (typeof args.id === 'string') {
    return {
      type: (args.type as RepoType | undefined) ?? 'model',
      id: args.id,
      task: args.task as string | null | undefined
    };
  }
  const page = pages?.current() ?? null;
  const id = page?.id ?? (await askForModel(trans));
  if (!id) {
    return null;
  }
  const repo = { type: page?.type ?? ('model' as const), id };
  try {
    const info = await connection.hub.info(repo);
    return { ...repo, id: info.id, task: info.pipeline_tag };
  } catch (error) {
    await showErrorMessage(
      trans.__('%1 cannot be used', id),
      explain(error, trans)
    );
    return null;
  }
}

async function askForModel(trans: TranslationBundle): Promise<string | null> {
  const answer = await InputDialog.getText({
    title: trans.__('Use which model?'),
    placeholder: trans.__('namespace/name')
  });
  return (answer.button.accept && answer.value?.trim()) || null;
}

/** Write a cell into the notebook that was used last, or into a new one. */
async function write(
  source: string,
  options: addCommands.IOptions
): Promise<void> {
  const { app, notebooks, trans } = options;
  const panel = notebooks.currentWidget ?? (await newNotebook(app));
  if (!panel) {
    await showErrorMessage(
      trans.__('No notebook could be opened'),
      trans.__('Open a notebook, then try again.')
    );
    return;
  }
  await panel.context.ready;
  await panel.revealed;
  insertCell(panel, source);
  app.shell.activateById(panel.id);
}

async function newNotebook(app: JupyterFrontEnd): Promise<NotebookPanel> {
  await app.serviceManager.kernelspecs.ready;
  return app.commands.execute('notebook:create-new', {
    kernelName: app.serviceManager.kernelspecs.specs?.default ?? ''
  });
}
