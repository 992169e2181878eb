import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import type { IHubStatus } from './api';
import { Hub } from './api';
import { IHubConnection } from './tokens';

/** Connects this Lab to the hub of its Jupyter server. */
export const connectionPlugin: JupyterFrontEndPlugin<IHubConnection> = {
  id: '@phub/jupyterlab:connection',
  description: 'Connects JupyterLab to the private hub of its server.',
  autoStart: true,
  provides: IHubConnection,
  activate: (app: JupyterFrontEnd): IHubConnection =>
    new HubConnection(
      new Hub({ serverSettings: app.serviceManager.serverSettings })
    )
};

class HubConnection implements IHubConnection {
  constructor(readonly hub: Hub) {}

  status(): Promise<IHubStatus> {
    this._status ??= this.hub.status().catch((error: unknown) => {
      this._status = null;
      throw error;
    });
    return this._status;
  }

  private _status: Promise<IHubStatus> | null = null;
}
