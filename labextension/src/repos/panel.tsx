import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { REPO_ICONS } from '../components/icons';
import { RepoPage } from './components/RepoPage';
import type { IRepoContext } from './context';
import { RepoContext } from './context';

/** The page of one repository, in the main area. */
export class RepoPanel extends ReactWidget {
  constructor(private readonly _context: IRepoContext) {
    super();
    const { model } = _context;
    const { type, id } = model.repo;
    this.addClass('phub-RepoPanel');
    this.title.label = id.split('/')[1] ?? id;
    this.title.caption = id;
    this.title.icon = REPO_ICONS[type];
    this.title.closable = true;
    void model.refresh();
  }

  /** The model of the page. */
  get model(): IRepoContext['model'] {
    return this._context.model;
  }

  /** The model belongs to the panel. */
  dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      super.dispose();
    }
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.tabIndex = -1;
    this.node.focus();
  }

  protected render(): JSX.Element {
    return (
      <RepoContext.Provider value={this._context}>
        <RepoPage />
      </RepoContext.Provider>
    );
  }
}
