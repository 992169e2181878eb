import React from 'react';

import { useRepo } from '../context';
import type { ICall } from './useCall';

/** What the buttons need. */
export interface ICallActionsProps {
  call: ICall;
  canRun: boolean;
  onRun: () => void;
  /** What the button that runs says, and what it says meanwhile. */
  label: string;
  runningLabel: string;
  /** Buttons at the left. */
  children?: React.ReactNode;
}

/** The buttons under the boxes: run and cancel. */
export function CallActions(props: ICallActionsProps): JSX.Element {
  const { call, canRun, onRun, label, runningLabel, children } = props;
  const { trans } = useRepo();
  return (
    <div className="phub-TryIt-actions">
      {children}
      <span className="phub-spacer" />
      {call.isRunning && (
        <button type="button" className="phub-Button" onClick={call.cancel}>
          {trans.__('Cancel')}
        </button>
      )}
      <button
        type="button"
        className="phub-Button jp-mod-accept"
        disabled={!canRun}
        title={trans.__('%1 (Ctrl Enter)', label)}
        onClick={onRun}
      >
        {call.isRunning && <span className="phub-Spinner" aria-hidden="true" />}
        {call.isRunning ? runningLabel : label}
      </button>
    </div>
  );
}

/** Runs on Ctrl Enter, or Cmd Enter, in a box. */
export function onRunKey(
  event: React.KeyboardEvent,
  canRun: boolean,
  run: () => void
): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.stopPropagation();
    canRun && run();
  }
}
