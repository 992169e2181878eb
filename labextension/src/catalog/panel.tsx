import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { Hub, IRepoItem } from '../api';
import { hubIcon } from '../components/icons';
import { Catalog } from './components/Catalog';
import type { CatalogModel } from './model';

/** The side bar with everything that the hub holds. */
export class CatalogPanel extends ReactWidget {
  constructor(options: CatalogPanel.IOptions) {
    super();
    this._model = options.model;
    this._hub = options.hub;
    this._trans = options.trans;
    this._onOpen = options.onOpen;
    this.id = 'phub-catalog';
    this.addClass('phub-CatalogPanel');
    this.title.icon = hubIcon;
    this.title.caption = this._trans.__('Private Hub');
    this.title.dataset = {
      ...this.title.dataset,
      jpTabLabel: this._trans.__('Private Hub')
    };
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this._trans.__('Private Hub'));
    window.addEventListener('focus', this._onWindowFocus);
  }

  /** Stop listening; the model belongs to the panel. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.removeEventListener('focus', this._onWindowFocus);
    this._model.dispose();
    super.dispose();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._model.refresh();
    void this._loadTaskLabels();
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._model.requestFocus();
  }

  protected render(): JSX.Element {
    return (
      <Catalog
        model={this._model}
        taskLabels={this._taskLabels}
        onOpen={this._onOpen}
        trans={this._trans}
      />
    );
  }

  private async _loadTaskLabels(): Promise<void> {
    if (this._taskLabels.size > 0) {
      return;
    }
    // Without labels, tasks show their names.
    const tasks = await this._hub.tasks().catch(() => []);
    this._taskLabels = new Map(tasks.map(task => [task.name, task.label]));
    this.update();
  }

  private readonly _onWindowFocus = (): void => {
    if (this.isVisible) {
      void this._model.refresh();
    }
  };

  private readonly _model: CatalogModel;
  private readonly _hub: Pick<Hub, 'tasks'>;
  private readonly _trans: TranslationBundle;
  private readonly _onOpen: (item: IRepoItem) => void;
  private _taskLabels: ReadonlyMap<string, string> = new Map();
}

export namespace CatalogPanel {
  /** What the panel needs. */
  export interface IOptions {
    model: CatalogModel;
    hub: Pick<Hub, 'tasks'>;
    onOpen: (item: IRepoItem) => void;
    trans: TranslationBundle;
  }
}
