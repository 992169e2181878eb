import React from 'react';

/** What a message needs. */
export interface IMessageProps {
  title: string;
  /** What to do next. */
  children?: React.ReactNode;
  /** `error` is announced at once, `status` when there is time. */
  kind?: 'error' | 'status';
}

/** Says why there is nothing to see, and what to do next. */
export function Message(props: IMessageProps): JSX.Element {
  const isError = props.kind === 'error';
  return (
    <div
      className={`phub-Message ${isError ? 'jp-mod-error' : ''}`}
      role={isError ? 'alert' : 'status'}
    >
      <p className="phub-Message-title">{props.title}</p>
      {props.children}
    </div>
  );
}
