import type { TranslationBundle } from '@jupyterlab/translation';

import type { IExample, IWidget } from '../../api';

/** One box: a text of some rows, a file of some kind, or a table. */
export interface IField {
  name: string;
  label: string;
  kind: 'text' | 'image' | 'audio' | 'table';
  rows: number;
}

export const ZERO_SHOT = 'zero-shot-classification';
export const ZERO_SHOT_IMAGE = 'zero-shot-image-classification';
export const TABLE_QUESTION = 'table-question-answering';

/** The boxes of a widget; none if the page has none for what the task takes. */
export function fieldsOf(widget: IWidget, trans: TranslationBundle): IField[] {
  const labels = written(
    'labels',
    trans.__('Labels, with commas between them')
  );
  const question = written('question', trans.__('Question'));
  const picture: IField = {
    name: 'file',
    label: trans.__('Picture'),
    kind: 'image',
    rows: 1
  };
  const table: IField = {
    name: 'table',
    label: trans.__('Table'),
    kind: 'table',
    rows: 1
  };
  switch (widget.inputs) {
    case 'text': {
      const text = written('text', textLabel(widget, trans), 3);
      return widget.task === ZERO_SHOT ? [text, labels] : [text];
    }
    case 'question+context':
      return [
        question,
        written('context', trans.__('Text with the answer'), 4)
      ];
    case 'sentences':
      return [
        written('source_sentence', trans.__('Sentence'), 2),
        written(
          'sentences',
          trans.__('Sentences to compare with, one a line'),
          3
        )
      ];
    case 'image':
      return widget.task === ZERO_SHOT_IMAGE ? [picture, labels] : [picture];
    case 'image+question':
      return [picture, question];
    case 'audio':
      return [{ ...picture, label: trans.__('Sound'), kind: 'audio' }];
    case 'table':
      return widget.task === TABLE_QUESTION ? [question, table] : [table];
    default:
      return [];
  }
}

/** The examples that fit into the boxes: chats have a form of their own. */
export function examplesOf(widget: IWidget): readonly IExample[] {
  return widget.examples.filter(({ body }) => !('messages' in body));
}

function written(name: string, label: string, rows = 1): IField {
  return { name, label, kind: 'text', rows };
}

function textLabel(widget: IWidget, trans: TranslationBundle): string {
  switch (widget.task) {
    case 'text-classification':
      return trans.__('Text to classify');
    case 'text-to-image':
      return trans.__('What the picture shows');
    default:
      return trans.__('Text');
  }
}
