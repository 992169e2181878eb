import type { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly [number, number, Intl.RelativeTimeFormatUnit][] = [
  [HOUR, MINUTE, 'minute'],
  [DAY, HOUR, 'hour'],
  [7 * DAY, DAY, 'day'],
  [30 * DAY, 7 * DAY, 'week'],
  [365 * DAY, 30 * DAY, 'month'],
  [Infinity, 365 * DAY, 'year']
];

/** How long ago a point in time is, in words of the person's language. */
export function relativeTime(
  date: string,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const seconds = Math.max(0, (now - Date.parse(date)) / 1000);
  if (Number.isNaN(seconds)) {
    return '';
  }
  if (seconds < MINUTE) {
    return trans.__('just now');
  }
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [below, unitSeconds, unit] of STEPS) {
    if (seconds < below) {
      return format.format(-Math.floor(seconds / unitSeconds), unit);
    }
  }
  return '';
}

/** A point in time in full, for titles. */
export function fullTime(date: string): string {
  const time = new Date(date);
  return Number.isNaN(time.getTime()) ? '' : time.toLocaleString(locale());
}

/** The language of the page, so that times speak the language of the other words. */
function locale(): string {
  return document.documentElement.lang || 'en';
}
