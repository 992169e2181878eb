/** A file that somebody chose, as calls carry it. */
export interface IChosenFile {
  name: string;
  type: string;
  base64: string;
}

/** Cells as texts, row by row, under the names of their columns. */
export interface ITable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** What stands in one box. */
export type Value = string | IChosenFile | ITable;

/** What stands in the boxes, by their names. */
export type Values = Readonly<Record<string, Value | undefined>>;

/** The text in a box; none if it holds something else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The table in a box, or null. */
export function tableOf(value: Value | undefined): ITable | null {
  return typeof value === 'object' && 'columns' in value ? value : null;
}

/** The file in a box, or null. */
export function fileOf(value: Value | undefined): IChosenFile | null {
  return typeof value === 'object' && 'base64' in value ? value : null;
}

/** Whether there is something in a box. */
export function isFilled(value: Value | undefined): boolean {
  const table = tableOf(value);
  if (table) {
    return table.rows.some(row => row.some(cell => cell.trim() !== ''));
  }
  return fileOf(value) !== null || textOf(value).trim() !== '';
}

/** A value as a list; empty if it is none. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as an object; empty if it is none. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
