import React, { useRef } from 'react';

/** One tab. */
export interface ITab<T extends string> {
  value: T;
  label: string;
  count?: number;
}

/** What a list of tabs needs. */
export interface ITabListProps<T extends string> {
  label: string;
  tabs: readonly ITab<T>[];
  selected: T;
  onSelect: (value: T) => void;
  /** Prefix of the ids of tabs and of the panel that they control. */
  id: string;
  className?: string;
}

const MOVES: Record<string, (index: number, count: number) => number> = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1
};

/** A tab list that follows the usual keys: arrows, Home and End. */
export function TabList<T extends string>(
  props: ITabListProps<T>
): JSX.Element {
  const { tabs, selected, onSelect, id } = props;
  const node = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const move = MOVES[event.key];
    if (!move) {
      return;
    }
    event.preventDefault();
    const index = tabs.findIndex(tab => tab.value === selected);
    const next = move(index, tabs.length);
    onSelect(tabs[next].value);
    node.current?.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus();
  };
  return (
    <div
      ref={node}
      role="tablist"
      aria-label={props.label}
      className={`phub-TabList ${props.className ?? ''}`}
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          id={`${id}-tab-${tab.value}`}
          aria-controls={`${id}-panel`}
          aria-selected={tab.value === selected}
          tabIndex={tab.value === selected ? 0 : -1}
          className="phub-TabList-tab"
          onClick={() => onSelect(tab.value)}
        >
          {tab.label}
          {tab.count !== undefined && (
            <span className="phub-TabList-count">{tab.count}</span>
          )}
        </button>
      ))}
    </div>
  );
}
