/** What a notebook is published as. */
export interface IPublication {
  /** The id of the Space: namespace/name. */
  space: string;
  title: string;
  /** The models that the app calls. */
  models: string[];
  private: boolean;
}

/** The answer of `%phub publish`. */
export interface IPublished {
  space: string;
  url: string;
  app_url: string;
  commit: string;
  /** Why the app does not run, if it does not. */
  message?: string | null;
}

/** The type of the output that `%phub publish` leaves. */
export const SPACE_MIME_TYPE = 'application/vnd.phub.space+json';

const PART =
  /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?$/;
const MODEL_USES = [
  /\/models\/([\w.-]+\/[\w.-]+)/g,
  /%phub\s+infer\s+([\w.-]+\/[\w.-]+)/g,
  /\bmodel\s*=\s*f?["']([\w.-]+\/[\w.-]+)["']/gi,
  /\bfrom_pretrained\(\s*["']([\w.-]+\/[\w.-]+)["']/g
];

/** The line that publishes a notebook, run in the notebook's own kernel. */
export function publishLine(
  notebookPath: string,
  publication: IPublication
): string {
  // A kernel starts in its notebook's folder.
  const file = notebookPath.split('/').pop() ?? notebookPath;
  const words = ['publish', file, '--space', publication.space];
  if (publication.title) {
    words.push('--title', publication.title);
  }
  for (const model of publication.models) {
    words.push('--model', model);
  }
  if (publication.private) {
    words.push('--private');
  }
  return `%phub ${words.map(quote).join(' ')}`;
}

/** A name for the Space, from the notebook's. */
export function defaultSpace(user: string, notebookPath: string): string {
  const file = notebookPath.split('/').pop() ?? '';
  const name = file
    .replace(/\.ipynb$/i, '')
    .replace(/[^A-Za-z0-9_.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/-{2,}/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 90)
    .toLowerCase();
  return `${user}/${name || 'app'}`;
}

/** Whether a text can be the id of a repository. */
export function isRepoId(text: string): boolean {
  const parts = text.split('/');
  return (
    parts.length === 2 &&
    parts.every(part => PART.test(part) && !part.endsWith('.git'))
  );
}

/** The models that a notebook's code names. */
export function modelsIn(sources: readonly string[]): string[] {
  const found = new Set<string>();
  for (const source of sources) {
    for (const use of MODEL_USES) {
      for (const match of source.matchAll(use)) {
        found.add(match[1]);
      }
    }
  }
  return [...found];
}

/** A word of the line; quoted when it has other than harmless characters. */
function quote(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word)
    ? word
    : `'${word.replace(/'/g, "'\"'\"'")}'`;
}
