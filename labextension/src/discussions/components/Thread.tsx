import React from 'react';

import type { IDiscussionDetails, IDiscussionEvent } from '../../api';
import { LoadFailure } from '../../components/LoadFailure';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { CodeView } from '../../repos/components/CodeView';
import { Markdown } from '../../repos/components/Markdown';
import { useRepo } from '../../repos/context';
import { readEvent } from '../events';
import type { Place } from './CommunityTab';
import { Reply } from './Reply';
import { StatusBadge } from './StatusBadge';

/** What a discussion needs. */
export interface IThreadProps {
  num: number;
  onOpen: (place: Place) => void;
}

/** One discussion or pull request with all that happened in it. */
export function Thread({ num, onOpen }: IThreadProps): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [loaded, reload] = useLoaded(
    () => hub.discussion(model.repo, num),
    `${num}`
  );
  return (
    <>
      <button
        type="button"
        className="phub-LinkButton"
        onClick={() => onOpen('list')}
      >
        {trans.__('All discussions')}
      </button>
      {loaded.phase === 'loading' && (
        <Skeleton label={trans.__('Loading the discussion')} rows={4} />
      )}
      {loaded.phase === 'failed' && (
        <LoadFailure
          title={trans.__('The discussion cannot be shown')}
          error={loaded.error}
          onRetry={reload}
          trans={trans}
        />
      )}
      {loaded.phase === 'ready' && (
        <Conversation details={loaded.value} onChanged={reload} />
      )}
    </>
  );
}

interface IConversationProps {
  details: IDiscussionDetails;
  onChanged: () => void;
}

function Conversation(props: IConversationProps): JSX.Element {
  const { details, onChanged } = props;
  const { trans } = useRepo();
  return (
    <article className="phub-Thread">
      <h2 className="phub-Thread-title">
        {details.title} <span className="phub-Hint">#{details.num}</span>
      </h2>
      <StatusBadge item={details} />
      <ol className="phub-Thread-events" aria-label={trans.__('What happened')}>
        {details.events.map(event => (
          <Event key={event.id} event={event} />
        ))}
      </ol>
      {details.diff && (
        <section aria-label={trans.__('Changes')}>
          <h3>{trans.__('Changes')}</h3>
          <CodeView
            text={details.diff}
            mimeType="text/x-diff"
            label={trans.__('Changes')}
          />
        </section>
      )}
      <Reply details={details} onChanged={onChanged} />
    </article>
  );
}

function Event({ event }: { event: IDiscussionEvent }): JSX.Element {
  const { trans } = useRepo();
  const found = readEvent(event);
  const author = event.author?.name ?? trans.__('deleted');
  const when = (
    <time dateTime={event.createdAt} title={fullTime(event.createdAt)}>
      {relativeTime(event.createdAt, trans)}
    </time>
  );
  if (found.kind !== 'comment') {
    const words = {
      status: trans.__('%1 changed the status to %2', author, found.text),
      commit: trans.__('%1 committed %2', author, found.text),
      title: trans.__('%1 changed the title to %2', author, found.text),
      other: `${author}: ${found.text}`
    };
    return (
      <li className="phub-Thread-note phub-Hint">
        {words[found.kind]} {when}
      </li>
    );
  }
  return (
    <li className="phub-Thread-comment">
      <p className="phub-Hint">
        <strong>{author}</strong> {when}
        {found.isEdited && ` (${trans.__('edited')})`}
      </p>
      {found.isHidden ? (
        <p className="phub-Hint">{trans.__('This comment was hidden.')}</p>
      ) : (
        <Markdown text={found.text} />
      )}
    </li>
  );
}
