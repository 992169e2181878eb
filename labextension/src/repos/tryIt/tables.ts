import type { ITable } from './values';
import { listOf, recordOf } from './values';

const MOST_ROWS = 100;
const MOST_COLUMNS = 100;

/** A table to begin with where nothing is known about the columns. */
export const EMPTY_TABLE: ITable = {
  columns: ['column 1', 'column 2'],
  rows: [['', '']]
};

/** The table that a call's body holds by columns; null if it is none. */
export function readTable(value: unknown): ITable | null {
  const columns = Object.entries(recordOf(value)).slice(0, MOST_COLUMNS);
  const height = Math.max(
    0,
    ...columns.map(([, cells]) => listOf(cells).length)
  );
  if (columns.length === 0 || height === 0) {
    return null;
  }
  const rows = Array.from({ length: Math.min(height, MOST_ROWS) }, (_, row) =>
    columns.map(([, cells]) => cellText(listOf(cells)[row]))
  );
  return { columns: columns.map(([name]) => name), rows };
}

/**
 * The table as a call carries it: columns by name.
 *
 * With `typed` a column of numbers is sent as such, and an empty cell as none.
 */
export function columnsOf(
  table: ITable,
  typed: boolean
): Readonly<Record<string, unknown[]>> {
  const filled = table.rows.filter(row => row.some(cell => cell.trim() !== ''));
  return Object.fromEntries(
    table.columns.map((name, place) => {
      const cells = filled.map(row => row[place] ?? '');
      return [name, typed ? typedCells(cells) : cells];
    })
  );
}

/** The table with what was pasted from a spreadsheet, from one cell on. */
export function pasted(
  table: ITable,
  row: number,
  column: number,
  text: string
): ITable {
  const cells = text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map(line => line.split('\t'));
  const height = Math.min(
    Math.max(table.rows.length, row + cells.length),
    MOST_ROWS
  );
  const rows = Array.from({ length: height }, (_, y) =>
    table.columns.map(
      (_name, x) => cells[y - row]?.[x - column] ?? table.rows[y]?.[x] ?? ''
    )
  );
  return { ...table, rows };
}

function typedCells(cells: readonly string[]): unknown[] {
  const present = cells.filter(cell => cell.trim() !== '');
  const isNumeric = present.every(cell => Number.isFinite(Number(cell)));
  return cells.map(cell =>
    cell.trim() === '' ? null : isNumeric ? Number(cell) : cell
  );
}

function cellText(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
