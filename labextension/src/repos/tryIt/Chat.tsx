import React, { useEffect, useRef, useState } from 'react';

import type { IChatMessage, IWidget } from '../../api';
import { useRepo } from '../context';
import { CallActions } from './CallActions';
import { useCall } from './useCall';
import { listOf, recordOf, textOf } from './values';

/** A conversation with a model; its answers appear as they are written. */
export function Chat(props: { id: string; widget: IWidget }): JSX.Element {
  const { id, widget } = props;
  const { hub, trans } = useRepo();
  const [messages, setMessages] = useState<readonly IChatMessage[]>([]);
  const [draft, setDraft] = useState('');
  const [writing, setWriting] = useState('');
  const call = useCall();
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView?.({ block: 'nearest' });
  }, [messages, writing]);
  const examples = widget.examples.flatMap(({ body }) => {
    const last = listOf(body.messages).pop();
    return textOf(recordOf(last).content) || [];
  });

  const send = (): void => {
    const asked: IChatMessage[] = [
      ...messages,
      { role: 'user', content: draft.trim() }
    ];
    setMessages(asked);
    setDraft('');
    let text = '';
    const show = (written: string): void => {
      text = written;
      setWriting(written);
    };
    void call
      .run(async signal => {
        await hub.chat(id, asked, show, signal);
      })
      .finally(() => {
        // What was written until it was cancelled stays.
        setWriting('');
        if (text) {
          setMessages([...asked, { role: 'assistant', content: text }]);
        } else {
          setMessages(messages);
          setDraft(draft);
        }
      });
  };
  const canSend = draft.trim() !== '' && !call.isRunning;
  return (
    <section className="phub-Panel" aria-label={trans.__('Try the model')}>
      <h2 className="phub-Panel-title">{trans.__('Chat')}</h2>
      <div className="phub-Chat" role="log" aria-live="polite">
        {messages.map(({ role, content }, place) => (
          <p key={place} className={`phub-Chat-message phub-mod-${role}`}>
            {content}
          </p>
        ))}
        {call.isRunning && (
          <p className="phub-Chat-message phub-mod-assistant">
            {writing ||
              trans.__('The first answer takes a moment: the model is loaded.')}
          </p>
        )}
        <div ref={end} />
      </div>
      <textarea
        className="phub-Input phub-TryIt-text"
        rows={2}
        value={draft}
        aria-label={trans.__('Message')}
        placeholder={trans.__('Write a message…')}
        onChange={event => setDraft(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            event.stopPropagation();
            canSend && send();
          }
        }}
      />
      <CallActions
        call={call}
        canRun={canSend}
        onRun={send}
        label={trans.__('Send')}
        runningLabel={trans.__('Writing…')}
      >
        {messages.length === 0 && examples.length > 0 && (
          <button
            type="button"
            className="phub-LinkButton"
            onClick={() => setDraft(examples[0])}
          >
            {trans.__('Example')}
          </button>
        )}
        {messages.length > 0 && !call.isRunning && (
          <button
            type="button"
            className="phub-LinkButton"
            onClick={() => setMessages([])}
          >
            {trans.__('New chat')}
          </button>
        )}
      </CallActions>
      {call.seconds !== null && (
        <p className="phub-Hint">
          {trans.__('Answered by this hub in %1 s', call.seconds.toFixed(2))}
        </p>
      )}
      {call.failure && (
        <p className="phub-Error" role="alert">
          {call.failure}
        </p>
      )}
    </section>
  );
}
