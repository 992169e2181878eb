import React, { useState } from 'react';

import type { IExample, IWidget } from '../../api';
import { useRepo } from '../context';
import { Answer } from './Answer';
import type { IShownAnswer } from './answers';
import { isEmpty, NOTHING, shownAnswer } from './answers';
import { bodyOf, valuesOf } from './bodies';
import { CallActions, onRunKey } from './CallActions';
import type { IField } from './fields';
import { examplesOf, fieldsOf } from './fields';
import { FileBox } from './FileBox';
import { dataUrl, fileUrl, readFile } from './files';
import { TableBox } from './TableBox';
import { EMPTY_TABLE } from './tables';
import { useCall } from './useCall';
import type { Value, Values } from './values';
import { fileOf, isFilled, tableOf, textOf } from './values';

/** Boxes for what the task takes, and what the model says about it. */
export function Boxes(props: { id: string; widget: IWidget }): JSX.Element {
  const { id, widget } = props;
  const { hub, trans } = useRepo();
  const fields = fieldsOf(widget, trans);
  const examples = examplesOf(widget).filter(
    ({ src }) => src === null || hub.isOwn(src)
  );
  const [values, setValues] = useState(() => firstValues(widget, examples));
  const [answer, setAnswer] = useState<IShownAnswer>(NOTHING);
  const [picture, setPicture] = useState('');
  const [shown, setShown] = useState(-1);
  const call = useCall();

  const run = (): void => {
    setAnswer(NOTHING);
    const file = fileOf(values.file);
    void call.run(async signal => {
      const body = bodyOf(widget, values);
      const said = await hub.infer(id, body, signal);
      setPicture(file?.type.startsWith('image/') ? fileUrl(file) : '');
      setAnswer(
        said instanceof Blob
          ? await mediaAnswer(said)
          : shownAnswer(widget, body, said)
      );
    });
  };
  const showExample = (): void => {
    const next = (shown + 1) % examples.length;
    const { body, src } = examples[next];
    setShown(next);
    setAnswer(NOTHING);
    void call.run(async signal => {
      const file = src === null ? undefined : await example(src, signal);
      setValues({ ...valuesOf(widget, body), file });
    });
  };
  const example = async (src: string, signal: AbortSignal): Promise<Value> =>
    readFile(await hub.file(src, signal), src.split('/').pop() ?? src);

  const canRun =
    fields.every(field => isFilled(values[field.name])) && !call.isRunning;
  const hasNothing = isEmpty(answer);
  return (
    <section className="phub-Panel" aria-label={trans.__('Try the model')}>
      <h2 className="phub-Panel-title">{trans.__('Try it')}</h2>
      <div onKeyDown={event => onRunKey(event, canRun, run)}>
        {fields.map(field => (
          <Box
            key={field.name}
            field={field}
            isOnly={fields.length === 1}
            value={values[field.name]}
            onChange={value =>
              setValues(before => ({ ...before, [field.name]: value }))
            }
          />
        ))}
      </div>
      <CallActions
        call={call}
        canRun={canRun}
        onRun={run}
        label={trans.__('Run')}
        runningLabel={trans.__('Running…')}
      >
        {examples.length > 0 && (
          <button
            type="button"
            className="phub-LinkButton"
            disabled={call.isRunning}
            onClick={showExample}
          >
            {trans.__('Example')}
          </button>
        )}
      </CallActions>
      <div role="status">
        {call.isRunning && (
          <p className="phub-Hint">
            {trans.__('The first answer takes a moment: the model is loaded.')}
          </p>
        )}
        <Answer answer={answer} picture={picture} />
        {call.seconds !== null && !hasNothing && (
          <p className="phub-Hint">
            {trans.__('Answered by this hub in %1 s', call.seconds.toFixed(2))}
          </p>
        )}
      </div>
      {call.failure && (
        <p className="phub-Error" role="alert">
          {call.failure}
        </p>
      )}
    </section>
  );
}

interface IBoxProps {
  field: IField;
  isOnly: boolean;
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
}

function Box({ field, isOnly, value, onChange }: IBoxProps): JSX.Element {
  const { trans } = useRepo();
  switch (field.kind) {
    case 'image':
    case 'audio':
      return <FileBox field={field} file={fileOf(value)} onChange={onChange} />;
    case 'table':
      return (
        <TableBox
          label={field.label}
          table={tableOf(value) ?? EMPTY_TABLE}
          onChange={onChange}
        />
      );
    default:
      return (
        <textarea
          className="phub-Input phub-TryIt-text"
          rows={field.rows}
          value={textOf(value)}
          aria-label={field.label}
          placeholder={isOnly ? trans.__('Write a sentence…') : field.label}
          onChange={event => onChange(event.target.value)}
        />
      );
  }
}

/** Tables begin with the columns that the model wants, everything else with nothing. */
function firstValues(widget: IWidget, examples: readonly IExample[]): Values {
  return widget.inputs === 'table' && examples.length > 0
    ? valuesOf(widget, examples[0].body)
    : {};
}

async function mediaAnswer(said: Blob): Promise<IShownAnswer> {
  const kind = said.type.startsWith('image/') ? 'image' : 'audio';
  return { ...NOTHING, media: [{ kind, url: await dataUrl(said) }] };
}
