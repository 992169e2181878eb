import type { ILabelScore, IWidget } from '../../api';
import type { ITable } from './values';
import { listOf, recordOf, textOf } from './values';

/** Something that was found in a picture, in pixels from its top left corner. */
export interface IBox {
  label: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A part of a picture; `url` is as large as the picture, and white where the part is. */
export interface IMask {
  label: string;
  url: string;
}

/** A picture or a sound. */
export interface IMedium {
  kind: 'image' | 'audio';
  url: string;
}

/** What a model answered, as the page shows it; most of it is empty for most tasks. */
export interface IShownAnswer {
  bars: readonly ILabelScore[];
  text: string;
  boxes: readonly IBox[];
  masks: readonly IMask[];
  media: readonly IMedium[];
  table: ITable | null;
}

/** An answer with nothing in it. */
export const NOTHING: IShownAnswer = {
  bars: [],
  text: '',
  boxes: [],
  masks: [],
  media: [],
  table: null
};

const FIRST_NUMBERS = 6;

/** The answer of any task, for the body that was sent. */
export function shownAnswer(
  widget: IWidget,
  body: unknown,
  answer: unknown
): IShownAnswer {
  const inputs = recordOf(recordOf(body).inputs);
  switch (widget.task) {
    case 'sentence-similarity':
      return { ...NOTHING, bars: similarities(inputs.sentences, answer) };
    case 'feature-extraction':
      return { ...NOTHING, text: vectorText(answer) };
    case 'table-question-answering':
      return { ...NOTHING, text: tableAnswer(answer) };
    case 'tabular-classification':
    case 'tabular-regression':
      return { ...NOTHING, table: predictions(inputs.data, answer) };
    case 'object-detection':
      return { ...items(answer), boxes: listOf(answer).flatMap(boxOf) };
    case 'image-segmentation':
      return { ...items(answer), masks: listOf(answer).flatMap(maskOf) };
    case 'audio-to-audio':
      return { ...NOTHING, media: listOf(answer).flatMap(soundOf) };
    default:
      return items(answer);
  }
}

/** Whether there is nothing to show. */
export function isEmpty(answer: IShownAnswer): boolean {
  return (
    !answer.text &&
    answer.table === null &&
    [answer.bars, answer.boxes, answer.masks, answer.media].every(
      found => found.length === 0
    )
  );
}

function items(answer: unknown): IShownAnswer {
  const flat = listOf(answer).flat();
  const bars: ILabelScore[] = [];
  const lines: string[] = [];
  for (const item of flat.length > 0 ? flat : [answer]) {
    const found = recordOf(item);
    const written =
      found.generated_text ??
      found.summary_text ??
      found.translation_text ??
      found.text;
    if (typeof written === 'string') {
      lines.push(written);
    } else if (typeof found.score === 'number') {
      bars.push({ label: labelOf(found), score: found.score });
    }
  }
  return { ...NOTHING, bars, text: lines.join('\n') };
}

function similarities(sentences: unknown, answer: unknown): ILabelScore[] {
  const labels = listOf(sentences).map(textOf);
  return listOf(answer).flatMap((score, place) =>
    typeof score === 'number' ? [{ label: labels[place], score }] : []
  );
}

/** The size of a vector, or of one for each token, and how it begins. */
function vectorText(answer: unknown): string {
  const sizes: number[] = [];
  let inner: unknown = answer;
  while (Array.isArray(inner)) {
    sizes.push(inner.length);
    if (typeof inner[0] === 'number') {
      const first = inner.slice(0, FIRST_NUMBERS) as number[];
      const more = inner.length > FIRST_NUMBERS ? ', …' : '';
      const told = first.map(value => value.toFixed(4)).join(', ');
      return `${sizes.join(' × ')}\n[${told}${more}]`;
    }
    inner = inner[0];
  }
  return '';
}

function tableAnswer(answer: unknown): string {
  const first = recordOf(Array.isArray(answer) ? answer[0] : answer);
  return textOf(first.answer);
}

function predictions(data: unknown, answer: unknown): ITable | null {
  const found = listOf(answer).filter(
    value => typeof value === 'string' || typeof value === 'number'
  );
  const columns = Object.entries(recordOf(data));
  const rows = found.map((value, row) => [
    String(value),
    ...columns.map(([, cells]) => String(listOf(cells)[row] ?? ''))
  ]);
  return found.length > 0
    ? { columns: ['→', ...columns.map(([name]) => name)], rows }
    : null;
}

function boxOf(item: unknown): IBox[] {
  const { box, label } = recordOf(item);
  const { xmin, ymin, xmax, ymax } = recordOf(box);
  const sides = [xmin, ymin, xmax, ymax].map(Number);
  const [left, top, right, bottom] = sides;
  return sides.every(Number.isFinite)
    ? [
        {
          label: textOf(label),
          left,
          top,
          width: right - left,
          height: bottom - top
        }
      ]
    : [];
}

function maskOf(item: unknown): IMask[] {
  const { label, mask } = recordOf(item);
  const url = `data:image/png;base64,${textOf(mask)}`;
  return textOf(mask) ? [{ label: textOf(label), url }] : [];
}

function soundOf(item: unknown): IMedium[] {
  const sent = recordOf(item);
  const type = textOf(sent['content-type']) || 'audio/wav';
  const url = `data:${type};base64,${textOf(sent.blob)}`;
  return textOf(sent.blob) && type.startsWith('audio/')
    ? [{ kind: 'audio', url }]
    : [];
}

function labelOf(item: Readonly<Record<string, unknown>>): string {
  const entity = item.entity_group ?? item.entity;
  if (typeof entity === 'string') {
    return `${textOf(item.word)} (${entity})`;
  }
  return textOf(item.answer ?? item.token_str ?? item.label);
}
