import React, { useState } from 'react';

import type { ILabelScore } from '../../api';
import { useRepo } from '../context';
import type { IBox, IMask, IShownAnswer } from './answers';
import type { ITable } from './values';

const COLOURS = 8;

/** What a model said; `picture` is the address of the one it was asked about, if any. */
export function Answer(props: {
  answer: IShownAnswer;
  picture: string;
}): JSX.Element {
  const { answer, picture } = props;
  const { trans } = useRepo();
  const isSeen = answer.boxes.length + answer.masks.length > 0;
  return (
    <>
      {isSeen && picture && (
        <Seen picture={picture} boxes={answer.boxes} masks={answer.masks} />
      )}
      {answer.masks.length > 0 && <Legend masks={answer.masks} />}
      <Scores scores={answer.bars} isMarked={answer.boxes.length > 0} />
      {answer.text && <p className="phub-TryIt-answer">{answer.text}</p>}
      {answer.media.map(({ kind, url }, place) =>
        kind === 'image' ? (
          <img
            key={place}
            className="phub-FileBox-picture"
            src={url}
            alt={trans.__('Result')}
          />
        ) : (
          <audio
            key={place}
            controls
            src={url}
            aria-label={trans.__('Result')}
          />
        )
      )}
      {answer.table && <Predictions table={answer.table} />}
    </>
  );
}

/** A picture with what was found in it. */
function Seen(props: {
  picture: string;
  boxes: readonly IBox[];
  masks: readonly IMask[];
}): JSX.Element {
  const { picture, boxes, masks } = props;
  const { trans } = useRepo();
  const [size, setSize] = useState({ width: 0, height: 0 });
  return (
    <div className="phub-Seen">
      <img
        src={picture}
        alt={trans.__('The picture with what was found in it')}
        onLoad={event =>
          setSize({
            width: event.currentTarget.naturalWidth,
            height: event.currentTarget.naturalHeight
          })
        }
      />
      {masks.map((mask, place) => (
        <span
          key={place}
          className={`phub-Seen-mask phub-mod-${place % COLOURS}`}
          style={{ maskImage: `url(${mask.url})` }}
        />
      ))}
      {size.width > 0 && boxes.length > 0 && (
        <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
          {boxes.map((box, place) => (
            <rect
              key={place}
              className={`phub-Seen-box phub-mod-${place % COLOURS}`}
              x={box.left}
              y={box.top}
              width={Math.max(0, box.width)}
              height={Math.max(0, box.height)}
            >
              <title>{box.label}</title>
            </rect>
          ))}
        </svg>
      )}
    </div>
  );
}

function Legend({ masks }: { masks: readonly IMask[] }): JSX.Element {
  const { trans } = useRepo();
  return (
    <ul className="phub-Legend" aria-label={trans.__('Parts of the picture')}>
      {masks.map(({ label }, place) => (
        <li key={place}>
          <span className={`phub-Legend-mark phub-mod-${place % COLOURS}`} />
          {label}
        </li>
      ))}
    </ul>
  );
}

function Predictions({ table }: { table: ITable }): JSX.Element {
  const { trans } = useRepo();
  return (
    <div className="phub-TableBox-scroll">
      <table className="phub-Results" aria-label={trans.__('Result')}>
        <thead>
          <tr>
            {table.columns.map((name, place) => (
              <th key={place} scope="col">
                {place === 0 ? trans.__('Prediction') : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(([first, ...cells], row) => (
            <tr key={row}>
              <th scope="row">{first}</th>
              {cells.map((cell, place) => (
                <td key={place}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Scores(props: {
  scores: readonly ILabelScore[];
  isMarked: boolean;
}): JSX.Element | null {
  const { trans } = useRepo();
  if (props.scores.length === 0) {
    return null;
  }
  return (
    <ol className="phub-Bars" aria-label={trans.__('Result')}>
      {props.scores.map(({ label, score }, place) => (
        <li key={place} className="phub-Bars-row">
          <span className="phub-Bars-label">
            {props.isMarked && (
              <span
                className={`phub-Legend-mark phub-mod-${place % COLOURS}`}
              />
            )}
            {label}
          </span>
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
