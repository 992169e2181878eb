import React, { useState } from 'react';

import type { IDiscussionDetails } from '../../api';
import { explain } from '../../components/explain';
import { useRepo } from '../../repos/context';
import { TextArea } from './TextArea';

/** What the form needs. */
export interface IReplyProps {
  details: IDiscussionDetails;
  onChanged: () => void;
}

/** Where to answer, and to close, reopen or merge. */
export function Reply({ details, onChanged }: IReplyProps): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [text, setText] = useState('');
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);
  const { num, status } = details;
  const conflicts = hasConflicts(details);

  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      await work();
      setText('');
      onChanged();
      void model.refresh();
    } catch (error) {
      setFailure(explain(error, trans));
    } finally {
      setBusy(false);
    }
  };
  const mayMerge = details.isPullRequest && status === 'open';

  return (
    <form
      className="phub-TalkForm"
      onSubmit={event => {
        event.preventDefault();
        void attempt(() => hub.comment(model.repo, num, text));
      }}
    >
      <TextArea
        label={trans.__('Your comment (Markdown)')}
        value={text}
        onChange={setText}
      />
      {conflicts && mayMerge && (
        <p className="phub-Hint">
          {trans.__(
            'It cannot be merged as it is: other commits changed the same files.'
          )}
        </p>
      )}
      {failure && (
        <p className="phub-Error" role="alert">
          {failure}
        </p>
      )}
      <div className="phub-TalkForm-buttons">
        {status !== 'merged' && (
          <StatusButton
            status={status}
            isBusy={isBusy}
            onClick={next =>
              void attempt(() => hub.setStatus(model.repo, num, next))
            }
          />
        )}
        {status === 'draft' && (
          <button
            type="button"
            className="phub-Button"
            disabled={isBusy}
            onClick={() =>
              void attempt(() => hub.setStatus(model.repo, num, 'open'))
            }
          >
            {trans.__('Mark as ready')}
          </button>
        )}
        {mayMerge && (
          <button
            type="button"
            className="phub-Button"
            disabled={isBusy || conflicts}
            onClick={() => void attempt(() => hub.merge(model.repo, num))}
          >
            {trans.__('Merge')}
          </button>
        )}
        <button
          type="submit"
          className="phub-Button jp-mod-accept"
          disabled={isBusy || !text.trim()}
        >
          {trans.__('Comment')}
        </button>
      </div>
    </form>
  );
}

function hasConflicts(details: IDiscussionDetails): boolean {
  const found = details.filesWithConflicts;
  return Array.isArray(found) ? found.length > 0 : found === true;
}

interface IStatusButtonProps {
  status: IDiscussionDetails['status'];
  isBusy: boolean;
  onClick: (next: 'open' | 'closed') => void;
}

function StatusButton(props: IStatusButtonProps): JSX.Element {
  const { status, isBusy, onClick } = props;
  const { trans } = useRepo();
  const next = status === 'closed' ? 'open' : 'closed';
  return (
    <button
      type="button"
      className="phub-Button"
      disabled={isBusy}
      onClick={() => onClick(next)}
    >
      {next === 'open' ? trans.__('Reopen') : trans.__('Close')}
    </button>
  );
}
