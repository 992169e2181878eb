import type { IEvalResult } from '../../api';
import { metricName, shownValue } from '../scores';

function result(
  value: number,
  evaluation: IEvalResult['evaluation']
): IEvalResult {
  return {
    dataset: { id: 'ada/rows', task_id: 'text-classification/accuracy' },
    value,
    verified: false,
    evaluation
  };
}

describe('shownValue', () => {
  it.each([
    [0.8312, { unit: 'share' as const, stderr: 0.0098 }, '83.1 ± 1.0 %'],
    [1, { unit: 'share' as const }, '100.0 %'],
    [27.31, { unit: 'points' as const, stderr: 0.52 }, '27.3 ± 0.5'],
    [0.12345, { unit: 'number' as const }, '0.123'],
    [3.5, {}, '3.500']
  ])('writes %d in the way of its unit', (value, evaluation, text) => {
    expect(shownValue(result(value, evaluation))).toBe(text);
  });
});

describe('metricName', () => {
  it('falls back to what is known', () => {
    expect(metricName(result(1, { label: 'Macro F1', metric: 'f1' }))).toBe(
      'Macro F1'
    );
    expect(metricName(result(1, { metric: 'odd' }))).toBe('odd');
    expect(metricName(result(1, {}))).toBe('text-classification/accuracy');
  });
});
