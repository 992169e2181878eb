import { nullTranslator } from '@jupyterlab/translation';

import type { IWidget } from '../../api';
import { bodyOf, examplesOf, fieldsOf, shownAnswer, valuesOf } from '../widget';

const trans = nullTranslator.load('phub_jupyter');

function widget(task: string, inputs: string): IWidget {
  return {
    task,
    inputs,
    servable: true,
    reason: null,
    shown: true,
    examples: []
  };
}

const CLASSIFIER = widget('text-classification', 'text');
const READER = widget('question-answering', 'question+context');
const TWINS = widget('sentence-similarity', 'sentences');
const JUDGE = widget('zero-shot-classification', 'text');

describe('bodies and boxes', () => {
  it.each([
    [CLASSIFIER, { inputs: 'a' }],
    [READER, { inputs: { question: 'Who?', context: 'Ada.' } }],
    [TWINS, { inputs: { source_sentence: 'a', sentences: ['b', 'c'] } }],
    [JUDGE, { inputs: 'a', parameters: { candidate_labels: ['x', 'y'] } }]
  ])('%# go to and fro', (shown, body) => {
    const sent = bodyOf(shown, valuesOf(shown, body));
    expect(sent).toMatchObject(body);
    const names = fieldsOf(shown, trans).map(field => field.name);
    const values = valuesOf(shown, body);
    expect(names.every(name => values[name] !== '')).toBe(true);
  });

  it('offers the examples that fit into boxes', () => {
    const fitting = { title: null, body: { inputs: 'a' }, src: null };
    const shown = {
      ...CLASSIFIER,
      examples: [
        { title: null, body: { messages: [] }, src: null },
        { title: null, body: { inputs: {} }, src: 'http://x.test/cat.png' },
        fitting
      ]
    };
    expect(examplesOf(shown)).toEqual([fitting]);
  });

  it('has no boxes for pictures', () => {
    expect(fieldsOf(widget('object-detection', 'image'), trans)).toEqual([]);
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
    expect(shownAnswer(shown, {}, answer)).toEqual({ bars, text: '' });
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
});
