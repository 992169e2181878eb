import { nullTranslator } from '@jupyterlab/translation';

import type { IWidget } from '../../api';
import { isEmpty, NOTHING, shownAnswer } from '../tryIt/answers';
import { bodyOf, valuesOf } from '../tryIt/bodies';
import { examplesOf, fieldsOf } from '../tryIt/fields';
import { columnsOf, pasted, readTable } from '../tryIt/tables';
import { isFilled } from '../tryIt/values';

const trans = nullTranslator.load('phub_jupyter');

function widget(task: string, inputs: string): IWidget {
  return {
    task,
    inputs,
    servable: true,
    reason: null,
    chat: null,
    shown: true,
    examples: []
  };
}

const CLASSIFIER = widget('text-classification', 'text');
const READER = widget('question-answering', 'question+context');
const TWINS = widget('sentence-similarity', 'sentences');
const JUDGE = widget('zero-shot-classification', 'text');
const ROWS = widget('tabular-classification', 'table');
const CELLS = widget('table-question-answering', 'table');
const FILE = { name: 'cat.png', type: 'image/png', base64: 'aGk=' };

describe('bodies and boxes', () => {
  it.each([
    [CLASSIFIER, { inputs: 'a' }],
    [READER, { inputs: { question: 'Who?', context: 'Ada.' } }],
    [TWINS, { inputs: { source_sentence: 'a', sentences: ['b', 'c'] } }],
    [JUDGE, { inputs: 'a', parameters: { candidate_labels: ['x', 'y'] } }],
    [ROWS, { inputs: { data: { width: [1.5, null], kind: ['a', 'b'] } } }],
    [CELLS, { inputs: { question: 'Which?', table: { City: ['Oslo', '7'] } } }]
  ])('%# go to and fro', (shown, body) => {
    const sent = bodyOf(shown, valuesOf(shown, body));
    expect(sent).toMatchObject(body);
    const names = fieldsOf(shown, trans).map(field => field.name);
    const values = valuesOf(shown, body);
    expect(names.every(name => values[name] !== '')).toBe(true);
  });

  it('leaves chats to the form for chats', () => {
    const fitting = { title: null, body: { inputs: 'a' }, src: null };
    const chat = { title: null, body: { messages: [] }, src: null };
    const shown = { ...CLASSIFIER, examples: [chat, fitting] };
    expect(examplesOf(shown)).toEqual([fitting]);
  });

  it.each([
    ['image-classification', 'image', {}, 'aGk='],
    ['audio-classification', 'audio', {}, 'aGk='],
    [
      'visual-question-answering',
      'image+question',
      { question: 'What?' },
      { image: 'aGk=', question: 'What?' }
    ]
  ])('sends the file for %s', (task, inputs, values, expected) => {
    const shown = widget(task, inputs);
    expect(fieldsOf(shown, trans).map(field => field.name)).toContain('file');
    const body = bodyOf(shown, { ...values, file: FILE });
    expect(body).toEqual({ inputs: expected });
  });

  it('has no boxes for what it does not know', () => {
    expect(fieldsOf(widget('magic', 'spell'), trans)).toEqual([]);
  });

  it('knows when a box is empty', () => {
    expect(isFilled(FILE)).toBe(true);
    expect([undefined, '', ' '].map(isFilled)).toEqual([false, false, false]);
    expect(isFilled({ columns: ['a'], rows: [[' ']] })).toBe(false);
    expect(isFilled({ columns: ['a'], rows: [['1']] })).toBe(true);
  });
});

describe('tables', () => {
  const table = {
    columns: ['a', 'b'],
    rows: [
      ['1', ''],
      ['', '']
    ]
  };

  it('are sent without empty rows, numbers as such', () => {
    expect(columnsOf(table, true)).toEqual({ a: [1], b: [null] });
    expect(columnsOf(table, false)).toEqual({ a: ['1'], b: [''] });
    const mixed = { columns: ['a'], rows: [['1'], ['x']] };
    expect(columnsOf(mixed, true)).toEqual({ a: ['1', 'x'] });
  });

  it('take what is pasted from a spreadsheet', () => {
    const { rows } = pasted(table, 1, 0, '3\t4\r\n5\t6\t7\r\n');
    expect(rows).toEqual([
      ['1', ''],
      ['3', '4'],
      ['5', '6']
    ]);
  });

  it.each([[null], ['x'], [{}], [{ a: [] }]])('%j is none', value => {
    expect(readTable(value)).toBeNull();
  });
});

describe('shownAnswer', () => {
  it.each([
    [
      CLASSIFIER,
      [[{ label: 'good', score: 0.9 }]],
      [{ label: 'good', score: 0.9 }]
    ],
    [
      widget('token-classification', 'text'),
      [{ entity_group: 'PER', word: 'Ada', score: 0.8 }],
      [{ label: 'Ada (PER)', score: 0.8 }]
    ],
    [
      widget('fill-mask', 'text'),
      [{ token_str: 'film', score: 0.5 }],
      [{ label: 'film', score: 0.5 }]
    ],
    [READER, { answer: 'Ada', score: 0.7 }, [{ label: 'Ada', score: 0.7 }]]
  ])('%# draws bars', (shown, answer, bars) => {
    expect(shownAnswer(shown, {}, answer)).toEqual({ ...NOTHING, bars });
  });

  it('names the sentences that numbers are for', () => {
    const body = { inputs: { source_sentence: 'a', sentences: ['b', 'c'] } };
    expect(shownAnswer(TWINS, body, [0.9, 0.1]).bars).toEqual([
      { label: 'b', score: 0.9 },
      { label: 'c', score: 0.1 }
    ]);
  });

  it('shows what was written', () => {
    const writer = widget('summarization', 'text');
    const answer = [{ summary_text: 'Short.' }];
    expect(shownAnswer(writer, {}, answer).text).toBe('Short.');
  });

  it('shows the sizes of vectors and how they begin', () => {
    const task = widget('feature-extraction', 'text');
    expect(shownAnswer(task, {}, [[0.5, 1, 2]]).text).toBe(
      '1 × 3\n[0.5000, 1.0000, 2.0000]'
    );
  });

  it('finds things in pictures', () => {
    const box = { xmin: 1, ymin: 2, xmax: 11, ymax: 22 };
    const cat = { label: 'cat', score: 0.9, box };
    const detector = widget('object-detection', 'image');
    const { bars, boxes } = shownAnswer(detector, {}, [cat, { label: 'x' }]);
    expect(bars).toEqual([{ label: 'cat', score: 0.9 }]);
    expect(boxes).toEqual([
      { label: 'cat', left: 1, top: 2, width: 10, height: 20 }
    ]);
    const parts = [{ label: 'sky', mask: 'aGk=' }, { label: 'sea' }];
    const { masks } = shownAnswer(
      widget('image-segmentation', 'image'),
      {},
      parts
    );
    expect(masks).toEqual([
      { label: 'sky', url: 'data:image/png;base64,aGk=' }
    ]);
  });

  it('puts predictions beside their rows', () => {
    const body = { inputs: { data: { width: [1, 2] } } };
    expect(shownAnswer(ROWS, body, ['a', 'b']).table).toEqual({
      columns: ['→', 'width'],
      rows: [
        ['a', '1'],
        ['b', '2']
      ]
    });
  });

  it('plays sounds only', () => {
    const sounds = [
      { label: 'x', blob: 'aGk=', 'content-type': 'audio/flac' },
      { label: 'x', blob: 'aGk=', 'content-type': 'text/html' }
    ];
    const answer = shownAnswer(widget('audio-to-audio', 'audio'), {}, sounds);
    expect(answer.media).toEqual([
      { kind: 'audio', url: 'data:audio/flac;base64,aGk=' }
    ]);
  });

  it.each([[null], [undefined], [7], ['x'], [[]], [{}], [[[[]]]]])(
    '%j is nothing to show',
    answer => {
      for (const task of ['object-detection', 'tabular-regression', 'x']) {
        expect(isEmpty(shownAnswer(widget(task, 'text'), {}, answer))).toBe(
          true
        );
      }
    }
  );
});
