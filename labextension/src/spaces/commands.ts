import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  Notification,
  SessionContextDialogs,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { explain } from '../components/explain';
import { publishIcon } from '../components/icons';
import type { IHubConnection } from '../tokens';
import { CommandIDs } from '../tokens';
import { publishNotebook } from './publish';
import type { IPublication, IPublished } from './publishCode';
import { defaultSpace, isRepoId, modelsIn } from './publishCode';
import { askForPublication } from './publishDialog';

/** Add the commands of Spaces. */
export function addCommands(options: addCommands.IOptions): void {
  const { app, connection, notebooks, trans } = options;

  app.commands.addCommand(CommandIDs.publishSpace, {
    label: args =>
      args.toolbar ? trans.__('Publish') : trans.__('Publish as Space…'),
    caption: trans.__('Publish this notebook as an app on the private hub'),
    icon: args => (args.isPalette ? undefined : publishIcon),
    isEnabled: () => notebooks.currentWidget !== null,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          toolbar: {
            type: 'boolean',
            description: 'Whether the command is a toolbar button'
          }
        }
      }
    },
    execute: async () => {
      const panel = notebooks.currentWidget;
      if (!panel || !(await ensureKernel(panel, options))) {
        return;
      }
      const status = await connection.status().catch(() => null);
      const suggested = suggest(panel, status?.user?.name ?? 'NAMESPACE');
      const publication = await askUntilValid(suggested, trans);
      if (publication) {
        await publish(panel, publication, options);
      }
    }
  });

  app.commands.addCommand(CommandIDs.openApp, {
    label: trans.__('Open App'),
    caption: trans.__('Open the app of a Space in a browser tab of its own'),
    describedBy: {
      args: {
        type: 'object',
        properties: { id: { type: 'string', description: 'The Space' } },
        required: ['id']
      }
    },
    execute: args => {
      // The app runs a colleague's code: it gets no handle on this window.
      window.open(
        connection.hub.appUrl(String(args.id)),
        '_blank',
        'noopener,noreferrer'
      );
    }
  });
}

export namespace addCommands {
  /** What the commands need. */
  export interface IOptions {
    app: JupyterFrontEnd;
    connection: IHubConnection;
    notebooks: INotebookTracker;
    translator: ITranslator;
    trans: TranslationBundle;
  }
}

/** Make sure that the notebook has a kernel; without one, ask for it. */
async function ensureKernel(
  panel: NotebookPanel,
  options: addCommands.IOptions
): Promise<boolean> {
  const { translator, trans } = options;
  await panel.sessionContext.ready;
  if (panel.sessionContext.session?.kernel) {
    return true;
  }
  const answer = await showDialog({
    title: trans.__('The notebook has no kernel'),
    body: trans.__('Publishing runs in the kernel of the notebook. Start one?'),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Choose a kernel') })
    ]
  });
  if (!answer.button.accept) {
    return false;
  }
  const dialogs = new SessionContextDialogs({ translator });
  await dialogs.selectKernel(panel.sessionContext);
  return Boolean(panel.sessionContext.session?.kernel);
}

/** Ask how to publish, again with what was typed as long as the id is wrong. */
async function askUntilValid(
  suggested: IPublication,
  trans: TranslationBundle
): Promise<IPublication | null> {
  const publication = await askForPublication(suggested, trans);
  if (!publication || isRepoId(publication.space)) {
    return publication;
  }
  await showErrorMessage(
    trans.__('Not published'),
    trans.__(
      '"%1" does not have the form namespace/name, for example ada/demo.',
      publication.space
    )
  );
  return askUntilValid(publication, trans);
}

/** What the dialog shows at first. */
function suggest(panel: NotebookPanel, user: string): IPublication {
  const { path } = panel.context;
  const sources = panel.content.widgets
    .filter(cell => cell.model.type === 'code')
    .map(cell => cell.model.sharedModel.getSource());
  return {
    space: defaultSpace(user, path),
    title: firstHeading(panel) ?? '',
    models: modelsIn(sources),
    private: true
  };
}

/** The notebook's first heading, which is its title. */
function firstHeading(panel: NotebookPanel): string | null {
  for (const cell of panel.content.widgets) {
    const heading = /^#\s+(.+)$/m.exec(cell.model.sharedModel.getSource());
    if (cell.model.type === 'markdown' && heading) {
      return heading[1].trim();
    }
  }
  return null;
}

async function publish(
  panel: NotebookPanel,
  publication: IPublication,
  options: addCommands.IOptions
): Promise<void> {
  const { app, trans } = options;
  const id = Notification.emit(
    trans.__('Publishing %1…', publication.space),
    'in-progress',
    { autoClose: false }
  );
  try {
    const published = await publishNotebook(panel, publication, trans);
    Notification.update({
      id,
      message: published.message
        ? trans.__(
            '%1 is published, but its app does not run. %2',
            published.space,
            published.message
          )
        : trans.__('%1 is published.', published.space),
      type: published.message ? 'warning' : 'success',
      autoClose: false,
      actions: actionsFor(published, options)
    });
    void app.commands.execute(CommandIDs.refreshCatalog);
  } catch (error) {
    Notification.update({
      id,
      message: trans.__(
        '%1 was not published. %2',
        publication.space,
        explain(error, trans)
      ),
      type: 'error',
      autoClose: false
    });
  }
}

function actionsFor(
  published: IPublished,
  options: addCommands.IOptions
): Notification.IAction[] {
  const { app, trans } = options;
  const { space } = published;
  return [
    {
      label: trans.__('Open app'),
      displayType: 'accent',
      callback: event => {
        // Keep the notification: the person may want the repository as well.
        event.preventDefault();
        void app.commands.execute(CommandIDs.openApp, { id: space });
      }
    },
    {
      label: trans.__('Open repository'),
      callback: () =>
        void app.commands.execute(CommandIDs.openRepo, {
          type: 'space',
          id: space
        })
    }
  ];
}
