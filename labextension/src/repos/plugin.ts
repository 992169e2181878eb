import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IRepoRef } from '../api';
import {
  CommandIDs,
  IHubConnection,
  IRepoPages,
  PALETTE_CATEGORY
} from '../tokens';
import { addCommands } from './commands';
import { RepoModel } from './model';
import type { RepoTab } from './model';
import { RepoPanel } from './panel';

/** The pages of repositories. */
export const reposPlugin: JupyterFrontEndPlugin<IRepoPages> = {
  id: '@phub/jupyterlab:repos',
  description: 'Shows models, datasets and Spaces of the hub.',
  autoStart: true,
  provides: IRepoPages,
  requires: [IHubConnection, IRenderMimeRegistry, IEditorServices],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    connection: IHubConnection,
    rendermime: IRenderMimeRegistry,
    editors: IEditorServices,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): IRepoPages => {
    const trans = (translator ?? nullTranslator).load('phub_jupyter');
    const tracker = new WidgetTracker<MainAreaWidget<RepoPanel>>({
      namespace: 'phub-repos'
    });
    const taskLabels = new Map<string, string>();
    // Without labels, tasks show their names.
    void connection.hub
      .tasks()
      .then(tasks =>
        tasks.forEach(task => taskLabels.set(task.name, task.label))
      )
      .catch(() => undefined);

    const open = (repo: IRepoRef, tab?: string): void => {
      const known = tracker.find(
        widget => keyOf(widget.content.model.repo) === keyOf(repo)
      );
      const widget = known ?? addPage(repo);
      if (tab) {
        widget.content.model.tab = tab as RepoTab;
      }
      app.shell.activateById(widget.id);
    };

    const addPage = (repo: IRepoRef): MainAreaWidget<RepoPanel> => {
      const model = new RepoModel({ repo, hub: connection.hub, trans });
      const content = new RepoPanel({
        hub: connection.hub,
        model,
        rendermime,
        editors,
        trans,
        taskLabels,
        execute: (command, args) => void app.commands.execute(command, args),
        openRepo: other => open(other)
      });
      const widget = new MainAreaWidget({ content });
      widget.id = `phub-repo-${keyOf(repo)}`;
      widget.toolbar.hide();
      // The frame names its content after itself; this page has a better name.
      content.node.setAttribute(
        'aria-label',
        trans.__('Repository %1', repo.id)
      );
      void tracker.add(widget);
      app.shell.add(widget, 'main', { type: 'Private Hub' });
      return widget;
    };

    const pages: IRepoPages = {
      current: () => tracker.currentWidget?.content.model.repo ?? null
    };
    addCommands({ app, connection, open, pages, trans });
    void restorer?.restore(tracker, {
      command: CommandIDs.openRepo,
      args: widget => ({ ...widget.content.model.repo }),
      name: widget => keyOf(widget.content.model.repo)
    });
    for (const command of [CommandIDs.openRepo, CommandIDs.deployModel]) {
      palette?.addItem({
        command,
        category: PALETTE_CATEGORY,
        args: { isPalette: true }
      });
    }
    return pages;
  }
};

/** One text per repository; ids that differ only in case are the same. */
function keyOf(repo: IRepoRef): string {
  return `${repo.type}:${repo.id.toLowerCase()}`;
}
