import React from 'react';

import { useRepo } from '../context';
import { pasted } from './tables';
import type { ITable } from './values';

/** What the box needs. */
export interface ITableBoxProps {
  label: string;
  table: ITable;
  onChange: (table: ITable) => void;
}

/** A table whose cells can be written; what is pasted from a spreadsheet fills several. */
export function TableBox(props: ITableBoxProps): JSX.Element {
  const { label, table, onChange } = props;
  const { trans } = useRepo();
  const { columns, rows } = table;
  const write = (row: number, column: number, text: string): void =>
    onChange({
      ...table,
      rows: rows.map((cells, y) =>
        y === row ? cells.map((cell, x) => (x === column ? text : cell)) : cells
      )
    });
  return (
    <div className="phub-TableBox" role="group" aria-label={label}>
      <div className="phub-TableBox-scroll">
        <table>
          <thead>
            <tr>
              {columns.map((name, column) => (
                <th key={column} scope="col">
                  <input
                    className="phub-Input"
                    value={name}
                    aria-label={trans.__('Name of column %1', column + 1)}
                    onChange={event =>
                      onChange({
                        ...table,
                        columns: columns.map((old, place) =>
                          place === column ? event.target.value : old
                        )
                      })
                    }
                  />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, row) => (
              <tr key={row}>
                {cells.map((cell, column) => (
                  <td key={column}>
                    <input
                      className="phub-Input"
                      value={cell}
                      aria-label={trans.__(
                        '%1, row %2',
                        columns[column],
                        row + 1
                      )}
                      onChange={event => write(row, column, event.target.value)}
                      onPaste={event => {
                        const text = event.clipboardData.getData('text');
                        if (/[\t\n]/.test(text)) {
                          event.preventDefault();
                          onChange(pasted(table, row, column, text));
                        }
                      }}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <button
        type="button"
        className="phub-LinkButton"
        onClick={() =>
          onChange({ ...table, rows: [...rows, columns.map(() => '')] })
        }
      >
        {trans.__('Add a row')}
      </button>
      <button
        type="button"
        className="phub-LinkButton"
        onClick={() =>
          onChange({
            columns: [...columns, trans.__('column %1', columns.length + 1)],
            rows: rows.map(cells => [...cells, ''])
          })
        }
      >
        {trans.__('Add a column')}
      </button>
      {rows.length > 1 && (
        <button
          type="button"
          className="phub-LinkButton"
          onClick={() => onChange({ ...table, rows: rows.slice(0, -1) })}
        >
          {trans.__('Remove the last row')}
        </button>
      )}
    </div>
  );
}
