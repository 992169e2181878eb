import React, { useEffect, useRef, useState } from 'react';

import type { ILabelScore, IWidget } from '../../api';
import { explain, isAborted } from '../../components/explain';
import { useLoaded } from '../../components/useLoaded';
import { useRepo } from '../context';
import type { IShownAnswer, Values } from '../widget';
import { bodyOf, examplesOf, fieldsOf, shownAnswer, valuesOf } from '../widget';

const NOTHING: IShownAnswer = { bars: [], text: '' };

/** What can be tried on a model, once the hub has said; nothing if it cannot be tried here. */
export function TryIt({ id }: { id: string }): JSX.Element | null {
  const { hub, model, trans } = useRepo();
  const [loaded] = useLoaded(() => hub.widget(id), model.info?.sha ?? '');
  if (loaded.phase !== 'ready' || !loaded.value.task || !loaded.value.shown) {
    return null;
  }
  const widget = loaded.value;
  if (!widget.servable || fieldsOf(widget, trans).length === 0) {
    return (
      <section className="phub-Panel" aria-label={trans.__('Try the model')}>
        <h2 className="phub-Panel-title">{trans.__('Try it')}</h2>
        <p className="phub-Hint">
          {widget.reason ??
            trans.__(
              'This page has no box for %1; the tab "Use" shows how to call the model.',
              widget.task
            )}
        </p>
      </section>
    );
  }
  return <Boxes id={id} widget={widget} />;
}

/** Boxes for what the task takes, and what the model says about it. */
function Boxes({ id, widget }: { id: string; widget: IWidget }): JSX.Element {
  const { hub, trans } = useRepo();
  const fields = fieldsOf(widget, trans);
  const examples = examplesOf(widget);
  const [values, setValues] = useState<Values>({});
  const [answer, setAnswer] = useState<IShownAnswer>(NOTHING);
  const [failure, setFailure] = useState('');
  const [seconds, setSeconds] = useState<number | null>(null);
  const [request, setRequest] = useState<AbortController | null>(null);
  const [shown, setShown] = useState(-1);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => () => request?.abort(), [request]);

  const run = async (): Promise<void> => {
    const controller = new AbortController();
    const started = performance.now();
    setRequest(controller);
    setFailure('');
    try {
      const body = bodyOf(widget, values);
      const said = await hub.infer(id, body, controller.signal);
      setAnswer(shownAnswer(widget, body, said));
      setSeconds((performance.now() - started) / 1000);
    } catch (error) {
      setAnswer(NOTHING);
      setSeconds(null); // else a cancelled call would seem to be answered
      setFailure(isAborted(error) ? '' : explain(error, trans));
    } finally {
      setRequest(null);
    }
  };
  const isFilled = fields.every(field => values[field.name]?.trim());
  const canRun = isFilled && request === null;
  const isEmpty = answer.bars.length === 0 && !answer.text;
  return (
    <section className="phub-Panel" aria-label={trans.__('Try the model')}>
      <h2 className="phub-Panel-title">{trans.__('Try it')}</h2>
      {fields.map((field, place) => (
        <textarea
          key={field.name}
          ref={place === 0 ? box : null}
          className="phub-Input phub-TryIt-text"
          rows={field.rows}
          value={values[field.name] ?? ''}
          aria-label={field.label}
          placeholder={
            fields.length > 1 ? field.label : trans.__('Write a sentence…')
          }
          onChange={event =>
            setValues({ ...values, [field.name]: event.target.value })
          }
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              event.stopPropagation();
              canRun && void run();
            }
          }}
        />
      ))}
      <div className="phub-TryIt-actions">
        {examples.length > 0 && (
          <button
            type="button"
            className="phub-LinkButton"
            onClick={() => {
              const next = (shown + 1) % examples.length;
              setShown(next);
              setValues(valuesOf(widget, examples[next].body));
              box.current?.focus();
            }}
          >
            {trans.__('Example')}
          </button>
        )}
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
        {request && isEmpty && (
          <p className="phub-Hint">
            {trans.__('The first answer takes a moment: the model is loaded.')}
          </p>
        )}
        <Scores scores={answer.bars} />
        {answer.text && <p className="phub-TryIt-answer">{answer.text}</p>}
        {seconds !== null && !failure && (
          <p className="phub-Hint">
            {isEmpty && trans.__('The answer has no scores and no text.') + ' '}
            {trans.__('Answered by this hub in %1 s', seconds.toFixed(2))}
          </p>
        )}
      </div>
      {failure && (
        <p className="phub-Error" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

function Scores(props: { scores: readonly ILabelScore[] }): JSX.Element | null {
  const { trans } = useRepo();
  if (props.scores.length === 0) {
    return null;
  }
  return (
    <ol className="phub-Bars" aria-label={trans.__('Result')}>
      {props.scores.map(({ label, score }, place) => (
        <li key={place} className="phub-Bars-row">
          <span className="phub-Bars-label">{label}</span>
          <span className="phub-Bars-score">{percent(score)}</span>
          <span className="phub-Bars-track" aria-hidden="true">
            <span
              className="phub-Bars-bar"
              style={{ width: `${Math.min(100, Math.max(1, score * 100))}%` }}
            />
          </span>
        </li>
      ))}
    </ol>
  );
}

function percent(score: number): string {
  return `${(score * 100).toFixed(1)}%`;
}
