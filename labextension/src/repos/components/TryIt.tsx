import React, { useEffect, useRef, useState } from 'react';

import type { ILabelScore } from '../../api';
import { explain, isAborted } from '../../components/explain';
import { EXAMPLE_TEXT } from '../../snippets/cells';
import { useRepo } from '../context';

/** What the widget needs. */
export interface ITryItProps {
  /** The model. */
  id: string;
  /** Texts that the card suggests. */
  examples: readonly string[];
}

/** A box for a text, and what the model says about it. */
export function TryIt({ id, examples }: ITryItProps): JSX.Element {
  const { hub, trans } = useRepo();
  const [text, setText] = useState('');
  const [scores, setScores] = useState<ILabelScore[]>([]);
  const [failure, setFailure] = useState('');
  const [seconds, setSeconds] = useState<number | null>(null);
  const [request, setRequest] = useState<AbortController | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => () => request?.abort(), [request]);

  const run = async (): Promise<void> => {
    const controller = new AbortController();
    const started = performance.now();
    setRequest(controller);
    setFailure('');
    try {
      const answer = await hub.classify(id, text, controller.signal);
      setScores(answer);
      setSeconds((performance.now() - started) / 1000);
    } catch (error) {
      setScores([]);
      setFailure(isAborted(error) ? '' : explain(error, trans));
    } finally {
      setRequest(null);
    }
  };
  const canRun = text.trim() !== '' && request === null;
  return (
    <section className="phub-Panel" aria-label={trans.__('Try the model')}>
      <h2 className="phub-Panel-title">{trans.__('Try it')}</h2>
      <textarea
        ref={box}
        className="phub-Input phub-TryIt-text"
        rows={3}
        value={text}
        aria-label={trans.__('Text to classify')}
        placeholder={trans.__('Write a sentence…')}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            canRun && void run();
          }
        }}
      />
      <div className="phub-TryIt-actions">
        <button
          type="button"
          className="phub-LinkButton"
          onClick={() => {
            setText(nextExample(examples, text));
            box.current?.focus();
          }}
        >
          {trans.__('Example')}
        </button>
        <span className="phub-spacer" />
        {request && (
          <button
            type="button"
            className="phub-Button"
            onClick={() => request.abort()}
          >
            {trans.__('Cancel')}
          </button>
        )}
        <button
          type="button"
          className="phub-Button jp-mod-accept"
          disabled={!canRun}
          title={trans.__('Run (Ctrl Enter)')}
          onClick={() => void run()}
        >
          {request && <span className="phub-Spinner" aria-hidden="true" />}
          {request ? trans.__('Running…') : trans.__('Run')}
        </button>
      </div>
      <div role="status">
        {request && scores.length === 0 && (
          <p className="phub-Hint">
            {trans.__('The first answer takes a moment: the model is loaded.')}
          </p>
        )}
        <Scores scores={scores} seconds={seconds} />
      </div>
      {failure && (
        <p className="phub-Error" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

interface IScoresProps {
  scores: readonly ILabelScore[];
  seconds: number | null;
}

function Scores({ scores, seconds }: IScoresProps): JSX.Element | null {
  const { trans } = useRepo();
  if (scores.length === 0) {
    return null;
  }
  return (
    <>
      <ol className="phub-Bars" aria-label={trans.__('Result')}>
        {scores.map(({ label, score }) => (
          <li key={label} className="phub-Bars-row">
            <span className="phub-Bars-label">{label}</span>
            <span className="phub-Bars-score">{percent(score)}</span>
            <span className="phub-Bars-track" aria-hidden="true">
              <span
                className="phub-Bars-bar"
                style={{ width: `${Math.max(1, score * 100)}%` }}
              />
            </span>
          </li>
        ))}
      </ol>
      {seconds !== null && (
        <p className="phub-Hint">
          {trans.__('Answered by this hub in %1 s', seconds.toFixed(2))}
        </p>
      )}
    </>
  );
}

function percent(score: number): string {
  return `${(score * 100).toFixed(1)}%`;
}

/** The example after the one that is shown. */
function nextExample(examples: readonly string[], text: string): string {
  const all = examples.length > 0 ? examples : [EXAMPLE_TEXT];
  return all[(all.indexOf(text) + 1) % all.length];
}
