import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, closeIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';

import type { FacetName, IFacetValue } from '../../api';
import { useModel } from '../../components/useModel';
import type { CatalogModel } from '../model';
import { FACETS } from '../model';

const FIND_ABOVE = 8;

/** What the filters need. */
export interface IFiltersProps {
  model: CatalogModel;
  trans: TranslationBundle;
}

/** One button per facet that opens its values, and a chip per chosen value. */
export function Filters(props: IFiltersProps): JSX.Element {
  const { model, trans } = props;
  useModel(model);
  const [open, setOpen] = useState<FacetName | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  const labels: Record<FacetName, string> = {
    task: trans.__('Task'),
    library: trans.__('Library'),
    license: trans.__('License'),
    language: trans.__('Language')
  };
  const close = (): void => {
    bar.current?.querySelector<HTMLElement>('[aria-expanded="true"]')?.focus();
    setOpen(null);
  };
  return (
    <div
      className="phub-Filters"
      onKeyDown={event => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <div
        ref={bar}
        className="phub-Filters-facets"
        role="group"
        aria-label={trans.__('Filters')}
      >
        {FACETS.map(name => (
          <button
            key={name}
            type="button"
            className="phub-Chip"
            aria-expanded={open === name}
            disabled={model.facet(name).length === 0}
            onClick={() => setOpen(open === name ? null : name)}
          >
            {labels[name]}
            <caretDownIcon.react tag="span" className="phub-icon" />
          </button>
        ))}
      </div>
      {open && (
        <FacetValues
          key={open}
          label={labels[open]}
          values={model.facet(open)}
          chosen={model.state.filters[open] ?? []}
          onToggle={value => void model.toggleFilter(open, value)}
          trans={trans}
        />
      )}
      <ChosenFilters model={model} labels={labels} trans={trans} />
    </div>
  );
}

interface IFacetValuesProps {
  label: string;
  values: IFacetValue[];
  chosen: readonly string[];
  onToggle: (value: string) => void;
  trans: TranslationBundle;
}

function FacetValues(props: IFacetValuesProps): JSX.Element {
  const { label, values, chosen, onToggle, trans } = props;
  const [find, setFind] = useState('');
  const node = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    node.current?.querySelector('input')?.focus();
  }, []);
  const shown = values.filter(value =>
    value.label.toLowerCase().includes(find.toLowerCase())
  );
  return (
    <fieldset ref={node} className="phub-FacetValues">
      <legend className="phub-hidden">{label}</legend>
      {values.length > FIND_ABOVE && (
        <input
          type="search"
          className="phub-Input"
          value={find}
          placeholder={trans.__('Find in %1', label)}
          aria-label={trans.__('Find in %1', label)}
          onChange={event => setFind(event.target.value)}
        />
      )}
      <div className="phub-FacetValues-list">
        {shown.map(value => (
          <label key={value.value} className="phub-FacetValues-value">
            <input
              type="checkbox"
              checked={chosen.includes(value.value)}
              onChange={() => onToggle(value.value)}
            />
            <span className="phub-FacetValues-label">{value.label}</span>
            <span className="phub-FacetValues-count">{value.count}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface IChosenFiltersProps extends IFiltersProps {
  labels: Record<FacetName, string>;
}

function ChosenFilters(props: IChosenFiltersProps): JSX.Element | null {
  const { model, labels, trans } = props;
  const chosen = FACETS.flatMap(name =>
    model
      .facet(name)
      .filter(value => model.state.filters[name]?.includes(value.value))
      .map(value => ({ name, value }))
  );
  if (chosen.length === 0) {
    return null;
  }
  return (
    <div
      className="phub-Filters-bar"
      role="group"
      aria-label={trans.__('Chosen filters')}
    >
      {chosen.map(({ name, value }) => (
        <button
          key={`${name}:${value.value}`}
          type="button"
          className="phub-Chip jp-mod-selected"
          aria-label={trans.__(
            'Remove the filter %1: %2',
            labels[name],
            value.label
          )}
          onClick={() => void model.toggleFilter(name, value.value)}
        >
          {value.label}
          <closeIcon.react tag="span" className="phub-icon" />
        </button>
      ))}
      <button
        type="button"
        className="phub-LinkButton"
        onClick={() => void model.clear()}
      >
        {trans.__('Clear all')}
      </button>
    </div>
  );
}
