import type { TranslationBundle } from '@jupyterlab/translation';
import { searchIcon } from '@jupyterlab/ui-components';
import React, { forwardRef } from 'react';

/** What the search box needs. */
export interface ISearchBoxProps {
  text: string;
  onChange: (text: string) => void;
  /** Called by arrow down and Enter: the person turns to the results. */
  onLeave: () => void;
  trans: TranslationBundle;
}

/** Where the person types what they look for. */
export const SearchBox = forwardRef<HTMLInputElement, ISearchBoxProps>(
  (props, ref) => {
    const { text, onChange, onLeave, trans } = props;
    const onKeyDown = (event: React.KeyboardEvent): void => {
      if (event.key === 'ArrowDown' || event.key === 'Enter') {
        event.preventDefault();
        onLeave();
      } else if (event.key === 'Escape' && text) {
        event.stopPropagation();
        onChange('');
      }
    };
    return (
      <div className="phub-SearchBox" role="search">
        <searchIcon.react tag="span" className="phub-icon" />
        <input
          ref={ref}
          type="search"
          value={text}
          aria-label={trans.__('Search the private hub')}
          placeholder={trans.__('Search the hub')}
          spellCheck={false}
          autoComplete="off"
          onChange={event => onChange(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {!text && (
          <kbd className="phub-SearchBox-key" aria-hidden="true">
            /
          </kbd>
        )}
      </div>
    );
  }
);
SearchBox.displayName = 'SearchBox';
