import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { Hub, IRepoRef, RepoType } from '../api';
import { REVISION } from './model';

/** Where a link of a card leads within the hub. */
export type CardTarget =
  { kind: 'repo'; repo: IRepoRef } | { kind: 'file'; path: string };

const SCHEME = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;
const REPO_LINK = /^\/(?:(datasets|spaces)\/)?([\w.-]+\/[\w.-]+)\/?$/;

/** What a link of a card means, or null when it leads out of the hub or within the card. */
export function cardTarget(href: string): CardTarget | null {
  if (!href || href.startsWith('#') || SCHEME.test(href)) {
    return null;
  }
  const repo = REPO_LINK.exec(href);
  if (repo) {
    const type = (repo[1]?.slice(0, -1) ?? 'model') as RepoType;
    return { kind: 'repo', repo: { type, id: repo[2] } };
  }
  const path = filePath(href);
  return path ? { kind: 'file', path } : null;
}

/** Resolves the relative addresses in a card, so that its pictures load from the repository. */
export class CardResolver implements IRenderMime.IResolver {
  constructor(
    private readonly _hub: Pick<Hub, 'fileUrl'>,
    private readonly _repo: IRepoRef
  ) {}

  /** Whether an address belongs to the repository. */
  isLocal(url: string): boolean {
    return !SCHEME.test(url) && !url.startsWith('#');
  }

  /** The path of a file in the repository; links to other repositories stay as they are. */
  async resolveUrl(url: string): Promise<string> {
    return this.isLocal(url) && !REPO_LINK.test(url) ? filePath(url) : url;
  }

  /** The address from which the browser gets the file. */
  async getDownloadUrl(path: string): Promise<string> {
    if (REPO_LINK.test(path)) {
      return '#';
    }
    return this.isLocal(path)
      ? this._hub.fileUrl(this._repo, REVISION, path)
      : path;
  }
}

/** A relative address as a path from the repository's root; never above it. */
function filePath(href: string): string {
  const parts: string[] = [];
  for (const part of href.split(/[?#]/)[0].split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part && part !== '.') {
      parts.push(decode(part));
    }
  }
  return parts.join('/');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
