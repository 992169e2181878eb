import React, { useState } from 'react';

import { explain } from '../../components/explain';
import { Field } from '../../components/Field';
import { useRepo } from '../../repos/context';
import type { Place } from './CommunityTab';
import { TextArea } from './TextArea';

/** What the form needs. */
export interface INewDiscussionProps {
  onOpen: (place: Place) => void;
}

/** Begins a discussion. */
export function NewDiscussion({ onOpen }: INewDiscussionProps): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      onOpen(await hub.startDiscussion(model.repo, title.trim(), text));
    } catch (error) {
      setFailure(explain(error, trans));
      setBusy(false);
    }
  };
  return (
    <form
      className="phub-TalkForm"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={trans.__('Title')} value={title} onChange={setTitle} />
      <TextArea
        label={trans.__('What it is about (Markdown)')}
        value={text}
        onChange={setText}
      />
      {failure && (
        <p className="phub-Error" role="alert">
          {failure}
        </p>
      )}
      <div className="phub-TalkForm-buttons">
        <button
          type="button"
          className="phub-Button"
          onClick={() => onOpen('list')}
        >
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="phub-Button jp-mod-accept"
          disabled={isBusy || !title.trim()}
        >
          {trans.__('Start discussion')}
        </button>
      </div>
    </form>
  );
}
