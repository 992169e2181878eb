import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { HubError } from '../api';

/** A failure as one sentence with what to do about it. */
export function explain(error: unknown, trans: TranslationBundle): string {
  if (error instanceof HubError && error.retryAfter !== null) {
    return trans.__(
      '%1 Try again in %2 s.',
      error.message,
      String(error.retryAfter)
    );
  }
  if (error instanceof ServerConnection.NetworkError) {
    return trans.__(
      'The Jupyter server does not answer. Check that it is running, then try again.'
    );
  }
  return error instanceof Error ? error.message : String(error);
}

/** Whether a failure is our own request, withdrawn. */
export function isAborted(error: unknown): boolean {
  return (error as { name?: string } | null)?.name === 'AbortError';
}
