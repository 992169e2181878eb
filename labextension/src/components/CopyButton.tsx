import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';

const SHOW_DONE_MS = 1600;

/** What a copy button needs. */
export interface ICopyButtonProps {
  /** What is put on the clipboard. */
  text: string;
  /** What the button copies, for people who cannot see it. */
  label: string;
  /** Whether the label is visible. */
  showLabel?: boolean;
  trans: TranslationBundle;
}

/** Puts a text on the clipboard and says so. */
export function CopyButton(props: ICopyButtonProps): JSX.Element {
  const { text, label, showLabel, trans } = props;
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) {
      return;
    }
    const timer = window.setTimeout(() => setDone(false), SHOW_DONE_MS);
    return () => window.clearTimeout(timer);
  }, [done]);
  const Icon = done ? checkIcon : copyIcon;
  return (
    <button
      type="button"
      className={showLabel ? 'phub-Button' : 'phub-IconButton'}
      title={label}
      aria-label={label}
      onClick={() => {
        Clipboard.copyToSystem(text);
        setDone(true);
      }}
    >
      <Icon.react tag="span" className="phub-icon" />
      {showLabel && <span>{done ? trans.__('Copied') : label}</span>}
      <span className="phub-hidden" role="status">
        {done ? trans.__('Copied') : ''}
      </span>
    </button>
  );
}
