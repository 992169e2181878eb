import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { catalogPlugin } from './catalog/plugin';
import { connectionPlugin } from './connection';
import { notebooksPlugin } from './notebooks/plugin';
import { reposPlugin } from './repos/plugin';
import { spacesPlugin } from './spaces/plugin';

export { IHubConnection, IRepoPages } from './tokens';

/** All parts of the extension. */
const plugins: JupyterFrontEndPlugin<any>[] = [
  connectionPlugin,
  catalogPlugin,
  reposPlugin,
  notebooksPlugin,
  spacesPlugin
];

export default plugins;
