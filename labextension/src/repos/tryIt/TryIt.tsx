import React from 'react';

import { useLoaded } from '../../components/useLoaded';
import { useRepo } from '../context';
import { Boxes } from './Boxes';
import { Chat } from './Chat';
import { fieldsOf } from './fields';

/** What can be tried on a model, once the hub has said; nothing if it cannot be tried here. */
export function TryIt({ id }: { id: string }): JSX.Element | null {
  const { hub, model, trans } = useRepo();
  const [loaded] = useLoaded(() => hub.widget(id), model.info?.sha ?? '');
  if (loaded.phase !== 'ready' || !loaded.value.task || !loaded.value.shown) {
    return null;
  }
  const widget = loaded.value;
  if (!widget.servable || fieldsOf(widget, trans).length === 0) {
    return (
      <section className="phub-Panel" aria-label={trans.__('Try the model')}>
        <h2 className="phub-Panel-title">{trans.__('Try it')}</h2>
        <p className="phub-Hint">
          {widget.reason ??
            trans.__(
              'This page has no box for %1; the tab "Use" shows how to call the model.',
              widget.task
            )}
        </p>
      </section>
    );
  }
  const key = `${id}@${model.info?.sha ?? ''}`;
  return widget.chat ? (
    <Chat key={key} id={id} widget={widget} />
  ) : (
    <Boxes key={key} id={id} widget={widget} />
  );
}
