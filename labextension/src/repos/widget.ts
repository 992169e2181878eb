import type { TranslationBundle } from '@jupyterlab/translation';

import type { IExample, ILabelScore, IWidget } from '../api';

/** One box of a widget. */
export interface IField {
  name: string;
  label: string;
  rows: number;
}

/** What is written in the boxes, by their names. */
export type Values = Readonly<Record<string, string>>;

/** What a model answered, as the page shows it: bars, a text, or nothing that it knows. */
export interface IShownAnswer {
  bars: ILabelScore[];
  text: string;
}

const ZERO_SHOT = 'zero-shot-classification';

/** The boxes of a widget; none if the page has none for what the task takes. */
export function fieldsOf(widget: IWidget, trans: TranslationBundle): IField[] {
  switch (widget.inputs) {
    case 'text': {
      const label =
        widget.task === 'text-classification'
          ? trans.__('Text to classify')
          : trans.__('Text');
      const fields = [{ name: 'text', label, rows: 3 }];
      if (widget.task === ZERO_SHOT) {
        const labels = trans.__('Labels, with commas between them');
        fields.push({ name: 'labels', label: labels, rows: 1 });
      }
      return fields;
    }
    case 'question+context':
      return [
        { name: 'question', label: trans.__('Question'), rows: 1 },
        { name: 'context', label: trans.__('Text with the answer'), rows: 4 }
      ];
    case 'sentences':
      return [
        { name: 'source_sentence', label: trans.__('Sentence'), rows: 2 },
        {
          name: 'sentences',
          label: trans.__('Sentences to compare with, one a line'),
          rows: 3
        }
      ];
    default:
      return [];
  }
}

/** The examples that fit into the boxes: no chats, and no files. */
export function examplesOf(widget: IWidget): readonly IExample[] {
  return widget.examples.filter(
    ({ body, src }) => src === null && !('messages' in body)
  );
}

/** What is sent for what stands in the boxes. */
export function bodyOf(widget: IWidget, values: Values): unknown {
  switch (widget.inputs) {
    case 'question+context':
      return {
        inputs: { question: values.question, context: values.context }
      };
    case 'sentences':
      return {
        inputs: {
          source_sentence: values.source_sentence,
          sentences: parts(values.sentences, '\n')
        }
      };
    default: {
      const parameters =
        widget.task === ZERO_SHOT
          ? { candidate_labels: parts(values.labels, ',') }
          : widget.task === 'text-classification'
            ? { top_k: 10 }
            : undefined;
      return { inputs: values.text, ...(parameters && { parameters }) };
    }
  }
}

/** What stands in the boxes for the body of a call, such as an example. */
export function valuesOf(widget: IWidget, body: unknown): Values {
  const { inputs, parameters } = record(body);
  const of = record(inputs);
  switch (widget.inputs) {
    case 'question+context':
      return { question: text(of.question), context: text(of.context) };
    case 'sentences':
      return {
        source_sentence: text(of.source_sentence),
        sentences: list(of.sentences).map(text).join('\n')
      };
    default:
      return {
        text: text(inputs),
        labels: list(record(parameters).candidate_labels).map(text).join(', ')
      };
  }
}

/** The answer of any task that takes texts. */
export function shownAnswer(
  widget: IWidget,
  body: unknown,
  answer: unknown
): IShownAnswer {
  const items = list(answer).flat();
  if (widget.inputs === 'sentences') {
    const sentences = list(record(record(body).inputs).sentences).map(text);
    const bars = items.flatMap((score, place) =>
      typeof score === 'number' ? [{ label: sentences[place], score }] : []
    );
    return { bars, text: '' };
  }
  const bars: ILabelScore[] = [];
  const lines: string[] = [];
  for (const item of items.length > 0 ? items : [answer]) {
    const found = record(item);
    const written =
      found.generated_text ?? found.summary_text ?? found.translation_text;
    if (typeof written === 'string') {
      lines.push(written);
    } else if (typeof found.score === 'number') {
      bars.push({ label: labelOf(found), score: found.score });
    }
  }
  return { bars, text: lines.join('\n') };
}

function labelOf(item: Readonly<Record<string, unknown>>): string {
  const entity = item.entity_group ?? item.entity;
  if (typeof entity === 'string') {
    return `${text(item.word)} (${entity})`;
  }
  return text(item.answer ?? item.token_str ?? item.label);
}

function parts(value: string | undefined, mark: string): string[] {
  return (value ?? '')
    .split(mark)
    .map(part => part.trim())
    .filter(Boolean);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
