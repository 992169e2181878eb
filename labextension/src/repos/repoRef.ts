import type { IRepoRef, RepoType } from '../api';

const REF = /^(?:(models|datasets|spaces)\/)?([\w.-]+\/[\w.-]+)$/;

/** Read `ns/name`, `datasets/ns/name` or `spaces/ns/name`; null when it is none of them. */
export function parseRepoRef(text: string): IRepoRef | null {
  const match = REF.exec(text.trim().replace(/^\/|\/$/g, ''));
  if (!match) {
    return null;
  }
  const type = (match[1]?.slice(0, -1) ?? 'model') as RepoType;
  return { type, id: match[2] };
}
