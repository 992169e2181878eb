import React from 'react';

import { CopyButton } from '../../components/CopyButton';
import type { ICell } from '../../snippets/cells';
import { cellsFor } from '../../snippets/cells';
import { CommandIDs } from '../../tokens';
import { useRepo } from '../context';
import { CodeView } from './CodeView';

/** Cells that use the repository, ready to be inserted. */
export function UseTab(): JSX.Element {
  const { model, execute, trans } = useRepo();
  const { type, id } = model.repo;
  const task = model.facts?.task ?? null;
  const titles: Record<ICell['name'], string> = {
    infer: trans.__('Ask the model in a notebook'),
    transformers: trans.__('Load it with transformers'),
    train: trans.__('Train with it'),
    datasets: trans.__('Load it with datasets'),
    files: trans.__('Get the files')
  };
  return (
    <div className="phub-UseTab">
      <p className="phub-Hint">
        {trans.__(
          'Notebooks of this Jupyter know the hub and need no login. A cell goes into the notebook that you used last, or into a new one.'
        )}
      </p>
      {cellsFor({ type, id, task }).map(cell => (
        <section
          key={cell.name}
          className="phub-Panel"
          aria-label={titles[cell.name]}
        >
          <h2 className="phub-Panel-title">{titles[cell.name]}</h2>
          <CodeView text={cell.source} mimeType="text/x-ipython" />
          <div className="phub-TryIt-actions">
            <button
              type="button"
              className="phub-Button jp-mod-accept"
              onClick={() =>
                cell.name === 'train'
                  ? execute(CommandIDs.trainModel, { [type]: id })
                  : execute(CommandIDs.useInNotebook, {
                      type,
                      id,
                      task,
                      cell: cell.name
                    })
              }
            >
              {cell.name === 'train'
                ? trans.__('Choose and insert…')
                : trans.__('Insert into notebook')}
            </button>
            <CopyButton
              text={cell.source}
              label={trans.__('Copy the code')}
              showLabel
              trans={trans}
            />
          </div>
        </section>
      ))}
    </div>
  );
}
