import React, { useEffect, useState } from 'react';

import type { ISpaceRuntime } from '../../api';
import { explain } from '../../components/explain';
import { useRepo } from '../context';

const POLL_MS = 3000;

/** What the panel needs. */
export interface ISpaceRuntimeProps {
  /** The Space. */
  id: string;
}

/** Whether the Space runs, and buttons to restart and stop it. */
export function SpaceRuntime({ id }: ISpaceRuntimeProps): JSX.Element {
  const { hub, trans } = useRepo();
  const [stage, setStage] = useState('');
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);

  const take = (answer: Promise<ISpaceRuntime>): Promise<void> =>
    answer.then(
      runtime => {
        setStage(runtime.stage);
        setFailure(runtime.errorMessage ?? '');
      },
      (error: unknown) => setFailure(explain(error, trans))
    );
  const change = async (answer: Promise<ISpaceRuntime>): Promise<void> => {
    setBusy(true);
    await take(answer);
    setBusy(false);
  };
  useEffect(() => {
    void take(hub.runtime(id));
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') {
        void take(hub.runtime(id));
      }
    }, POLL_MS);
    return () => window.clearInterval(timer);
  }, [hub, id]);
  return (
    <section className="phub-Panel" aria-label={trans.__('State of the app')}>
      <h2 className="phub-Panel-title">
        {trans.__('App')}
        {stage && (
          <span
            className={`phub-Stage jp-mod-${stage.toLowerCase().replace(/_/g, '-')}`}
          >
            {stageLabel(stage, trans)}
          </span>
        )}
      </h2>
      <div className="phub-TryIt-actions">
        <button
          type="button"
          className="phub-Button"
          disabled={isBusy}
          onClick={() => void change(hub.restart(id))}
        >
          {trans.__('Restart')}
        </button>
        <button
          type="button"
          className="phub-Button"
          disabled={isBusy || stage === 'PAUSED'}
          onClick={() => void change(hub.pause(id))}
        >
          {trans.__('Pause')}
        </button>
      </div>
      <p className="phub-Hint">
        {trans.__(
          'The app opens in a browser tab of its own and starts when it is needed.'
        )}
      </p>
      {failure && (
        <p className="phub-Error" role="alert">
          {failure}
        </p>
      )}
      <Log id={id} />
    </section>
  );
}

/** What the app printed, for whoever opens it. */
function Log({ id }: ISpaceRuntimeProps): JSX.Element {
  const { hub, trans } = useRepo();
  const [text, setText] = useState('');
  const load = (): void => {
    hub.log(id).then(
      log => setText(log || trans.__('The app printed nothing yet.')),
      (error: unknown) => setText(explain(error, trans))
    );
  };
  return (
    <details
      className="phub-Log"
      onToggle={event => event.currentTarget.open && load()}
    >
      <summary>{trans.__('Log')}</summary>
      <pre className="phub-Code" tabIndex={0} aria-label={trans.__('Log')}>
        {text}
      </pre>
    </details>
  );
}

function stageLabel(
  stage: string,
  trans: ReturnType<typeof useRepo>['trans']
): string {
  const labels: Record<string, string> = {
    APP_STARTING: trans.__('Starting'),
    BUILDING: trans.__('Starting'),
    CONFIG_ERROR: trans.__('Cannot start: configuration'),
    NO_APP_FILE: trans.__('No app notebook'),
    PAUSED: trans.__('Paused'),
    RUNNING: trans.__('Running'),
    RUNTIME_ERROR: trans.__('Stopped by an error'),
    STOPPED: trans.__('Asleep')
  };
  return labels[stage] ?? stage;
}
