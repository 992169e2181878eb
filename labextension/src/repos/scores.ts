import type { IEvalResult } from '../api';

/** What the metric of a result is called. */
export function metricName(result: IEvalResult): string {
  const { label, metric } = result.evaluation;
  return label ?? metric ?? result.dataset.task_id;
}

/** The value of a result with its standard error, as the metric is usually written. */
export function shownValue(result: IEvalResult): string {
  const { unit, stderr } = result.evaluation;
  if (unit === 'share') {
    const error = stderr === undefined ? '' : ` ± ${percent(stderr)}`;
    return `${percent(result.value)}${error} %`;
  }
  const digits = unit === 'points' ? 1 : 3;
  const error = stderr === undefined ? '' : ` ± ${stderr.toFixed(digits)}`;
  return `${result.value.toFixed(digits)}${error}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
