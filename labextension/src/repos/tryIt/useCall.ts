import { useEffect, useRef, useState } from 'react';

import { explain, isAborted } from '../../components/explain';
import { useRepo } from '../context';

/** One call to a model at a time. */
export interface ICall {
  isRunning: boolean;
  /** What went wrong with the last call, or nothing. */
  failure: string;
  /** How long the last call that succeeded took, or null. */
  seconds: number | null;
  run: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  cancel: () => void;
}

/** Calls a model, and withdraws the call when nobody sees the answer any more. */
export function useCall(): ICall {
  const { trans } = useRepo();
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState('');
  const [seconds, setSeconds] = useState<number | null>(null);
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => current.current?.abort(), []);

  const run = async (
    work: (signal: AbortSignal) => Promise<void>
  ): Promise<void> => {
    const controller = new AbortController();
    current.current = controller;
    const started = performance.now();
    setRunning(true);
    setFailure('');
    setSeconds(null);
    try {
      await work(controller.signal);
      setSeconds((performance.now() - started) / 1000);
    } catch (error) {
      setFailure(isAborted(error) ? '' : explain(error, trans));
    } finally {
      setRunning(false);
    }
  };
  const cancel = (): void => current.current?.abort();
  return { isRunning, failure, seconds, run, cancel };
}
