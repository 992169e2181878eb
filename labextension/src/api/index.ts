export { HubError } from './errors';
export { Hub } from './hub';
export { REPO_TYPES } from './types';
export type * from './types';
