import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { explain } from './explain';
import { Message } from './Message';

/** What the message needs. */
export interface ILoadFailureProps {
  title: string;
  error: unknown;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** Says why something could not be loaded, with a button to try again. */
export function LoadFailure(props: ILoadFailureProps): JSX.Element {
  const { title, error, onRetry, trans } = props;
  return (
    <Message kind="error" title={title}>
      <p>{explain(error, trans)}</p>
      <button type="button" className="phub-Button" onClick={onRetry}>
        {trans.__('Try again')}
      </button>
    </Message>
  );
}
