import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IRepoItem } from '../../api';
import { Message } from '../../components/Message';
import { Skeleton } from '../../components/Skeleton';
import { useModel } from '../../components/useModel';
import type { CatalogModel } from '../model';
import { EmptyHub } from './EmptyHub';
import { ResultItem } from './ResultItem';

/** What the list needs. */
export interface IResultListProps {
  model: CatalogModel;
  taskLabels: ReadonlyMap<string, string>;
  onOpen: (item: IRepoItem) => void;
  trans: TranslationBundle;
}

/** The results, or why there are none and what to do next. */
export function ResultList(props: IResultListProps): JSX.Element {
  const { model, trans } = props;
  useModel(model);
  if (model.phase === 'failed') {
    return (
      <Message kind="error" title={trans.__('The hub could not be searched')}>
        <p>{model.error}</p>
        <button
          type="button"
          className="phub-Button"
          onClick={() => void model.refresh()}
        >
          {trans.__('Try again')}
        </button>
      </Message>
    );
  }
  if (model.items.length > 0) {
    return <Results {...props} />;
  }
  if (model.phase === 'loading') {
    return <Skeleton label={trans.__('Searching')} rows={6} />;
  }
  return model.isNarrowed ? (
    <Message title={trans.__('Nothing matches')}>
      <p>{trans.__('Try fewer words, or take filters away.')}</p>
      <button
        type="button"
        className="phub-Button"
        onClick={() => void model.clear()}
      >
        {trans.__('Show everything')}
      </button>
    </Message>
  ) : (
    <EmptyHub trans={trans} />
  );
}

function Results(props: IResultListProps): JSX.Element {
  const { model, taskLabels, onOpen, trans } = props;
  const [current, setCurrent] = useState(0);
  const last = model.items.length - 1;
  const onKeyDown = (event: React.KeyboardEvent<HTMLUListElement>): void => {
    const moves: Record<string, number> = {
      ArrowDown: Math.min(current + 1, last),
      ArrowUp: Math.max(current - 1, 0),
      Home: 0,
      End: last
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const buttons = event.currentTarget.querySelectorAll('button');
      buttons[next]?.focus();
    }
  };
  return (
    <>
      <ul
        className="phub-ResultList"
        aria-label={trans.__('Repositories')}
        aria-busy={model.phase === 'loading'}
        onKeyDown={onKeyDown}
      >
        {model.items.map((item, index) => (
          <ResultItem
            key={`${item.type}:${item.id}`}
            item={item}
            taskLabel={item.task && (taskLabels.get(item.task) ?? item.task)}
            isCurrent={index === Math.min(current, last)}
            onOpen={() => onOpen(item)}
            onFocus={() => setCurrent(index)}
            trans={trans}
          />
        ))}
      </ul>
      {model.hasMore && (
        <button
          type="button"
          className="phub-Button phub-ResultList-more"
          disabled={model.phase === 'loading'}
          onClick={() => void model.loadMore()}
        >
          {trans.__(
            'Load more (%1 of %2)',
            String(model.items.length),
            String(model.total)
          )}
        </button>
      )}
    </>
  );
}
