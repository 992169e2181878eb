import { nullTranslator } from '@jupyterlab/translation';

import { fileSize } from '../fileSize';
import { relativeTime } from '../relativeTime';
import { shortNumber } from '../shortNumber';

const trans = nullTranslator.load('phub_jupyter');
const NOW = Date.parse('2026-06-15T12:00:00.000Z');

describe('relativeTime', () => {
  it.each([
    ['2026-06-15T11:59:40.000Z', 'just now'],
    ['2026-06-15T11:55:00.000Z', '5 minutes ago'],
    ['2026-06-15T09:00:00.000Z', '3 hours ago'],
    ['2026-06-14T11:00:00.000Z', 'yesterday'],
    ['2026-06-05T12:00:00.000Z', 'last week'],
    ['2026-03-01T12:00:00.000Z', '3 months ago'],
    ['2024-06-01T12:00:00.000Z', '2 years ago']
  ])('says when %s was', (date, words) => {
    expect(relativeTime(date, trans, NOW)).toBe(words);
  });

  it('takes a clock that is ahead for now', () => {
    expect(relativeTime('2026-06-15T12:05:00.000Z', trans, NOW)).toBe(
      'just now'
    );
  });

  it('says nothing about what is no date', () => {
    expect(relativeTime('', trans, NOW)).toBe('');
  });
});

describe('fileSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [123456, '123 kB'],
    [90_900_000, '90.9 MB']
  ])('writes %d bytes', (bytes, words) => {
    expect(fileSize(bytes)).toBe(words);
  });
});

describe('shortNumber', () => {
  it.each([
    [7, '7'],
    [1000, '1k'],
    [1234, '1.2k'],
    [15_400, '15k'],
    [2_500_000, '2.5M']
  ])('writes %d', (count, words) => {
    expect(shortNumber(count)).toBe(words);
  });
});
