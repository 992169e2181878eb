/** A count in few characters: 999, 1.2k, 15k, 2.5M. */
export function shortNumber(count: number): string {
  if (count < 1000) {
    return String(count);
  }
  const [value, unit] =
    count < 1_000_000 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  const text = value < 10 ? value.toFixed(1) : value.toFixed(0);
  return text.replace(/\.0$/, '') + unit;
}
