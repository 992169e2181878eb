import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef } from 'react';

import type { IRepoItem, RepoType, SortOrder } from '../../api';
import { TabList } from '../../components/TabList';
import { useModel } from '../../components/useModel';
import type { CatalogModel } from '../model';
import { Filters } from './Filters';
import { ResultList } from './ResultList';
import { SearchBox } from './SearchBox';

/** What the side bar needs. */
export interface ICatalogProps {
  model: CatalogModel;
  taskLabels: ReadonlyMap<string, string>;
  onOpen: (item: IRepoItem) => void;
  trans: TranslationBundle;
}

/** The side bar: search box, tabs, filters, results. */
export function Catalog(props: ICatalogProps): JSX.Element {
  const { model, trans } = props;
  useModel(model);
  const search = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const focus = (): void => search.current?.select();
    model.focusRequested.connect(focus);
    return () => {
      model.focusRequested.disconnect(focus);
    };
  }, [model]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const isTyping =
      event.target instanceof HTMLInputElement &&
      event.target.type === 'search';
    if (event.key === '/' && !isTyping) {
      event.preventDefault();
      search.current?.select();
    }
  };
  return (
    <div className="phub-Catalog" onKeyDown={onKeyDown}>
      <div className="phub-Catalog-head">
        <SearchBox
          ref={search}
          text={model.state.text}
          onChange={text => model.setText(text)}
          onLeave={() =>
            results.current
              ?.querySelector<HTMLElement>('.phub-ResultItem-button')
              ?.focus()
          }
          trans={trans}
        />
        <TypeTabs model={model} trans={trans} />
        <Filters model={model} trans={trans} />
      </div>
      <ListHeader model={model} trans={trans} />
      <div
        ref={results}
        className="phub-Catalog-results"
        role="tabpanel"
        id="phub-catalog-panel"
        aria-labelledby={`phub-catalog-tab-${model.state.type ?? 'all'}`}
      >
        <ResultList {...props} />
      </div>
    </div>
  );
}

interface IPartProps {
  model: CatalogModel;
  trans: TranslationBundle;
}

function TypeTabs({ model, trans }: IPartProps): JSX.Element {
  return (
    <TabList<RepoType | 'all'>
      id="phub-catalog"
      className="jp-mod-segmented"
      label={trans.__('Kind of repository')}
      tabs={[
        { value: 'all', label: trans.__('All') },
        { value: 'model', label: trans.__('Models') },
        { value: 'dataset', label: trans.__('Datasets') },
        { value: 'space', label: trans.__('Spaces') }
      ]}
      selected={model.state.type ?? 'all'}
      onSelect={type => void model.setType(type === 'all' ? null : type)}
    />
  );
}

function ListHeader({ model, trans }: IPartProps): JSX.Element {
  const orders: [SortOrder, string][] = [
    ['updated', trans.__('Recently updated')],
    ['trending', trans.__('Trending')],
    ['likes', trans.__('Most likes')],
    ['downloads', trans.__('Most downloads')],
    ['created', trans.__('Recently created')]
  ];
  return (
    <div className="phub-Catalog-listHeader">
      <span className="phub-Catalog-total" role="status">
        {model.phase === 'failed'
          ? ''
          : trans._n('%1 result', '%1 results', model.total)}
      </span>
      <select
        className="phub-Select"
        aria-label={trans.__('Sort by')}
        value={model.state.sort}
        onChange={event => void model.setSort(event.target.value as SortOrder)}
      >
        {orders.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="phub-IconButton"
        title={trans.__('Refresh')}
        aria-label={trans.__('Refresh')}
        onClick={() => void model.refresh()}
      >
        <refreshIcon.react tag="span" className="phub-icon" />
      </button>
    </div>
  );
}
