import { Widget } from '@lumino/widgets';
import React, { useLayoutEffect, useRef } from 'react';

/** What the host needs. */
export interface IWidgetHostProps {
  /** Makes the widget; memoize it, for a new function makes a new widget. */
  create: () => Widget;
  className: string;
  /** Names the part of the page that the widget is. */
  label?: string;
}

/** Shows a Lumino widget inside of a React page. */
export function WidgetHost(props: IWidgetHostProps): JSX.Element {
  const { create, className, label } = props;
  const host = useRef<HTMLDivElement>(null);
  // A layout effect: Lumino detaches a widget only while its node is still in the page.
  useLayoutEffect(() => {
    const widget = create();
    if (host.current) {
      Widget.attach(widget, host.current);
    }
    return () => widget.dispose();
  }, [create]);
  return (
    <div
      ref={host}
      className={className}
      role={label ? 'region' : undefined}
      aria-label={label}
    />
  );
}
