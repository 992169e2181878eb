import React, { useEffect, useState } from 'react';

import type { IDiscussion, IDiscussionPage } from '../../api';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { useRepo } from '../../repos/context';
import type { Place } from './CommunityTab';
import { StatusBadge } from './StatusBadge';

/** What the list needs. */
export interface IDiscussionListProps {
  onOpen: (place: Place) => void;
}

type Shown = 'open' | 'closed';

/** The discussions and pull requests, newest first. */
export function DiscussionList({ onOpen }: IDiscussionListProps): JSX.Element {
  const { trans } = useRepo();
  const [status, setStatus] = useState<Shown>('open');
  const choices: [Shown, string][] = [
    ['open', trans.__('Open')],
    ['closed', trans.__('Closed')]
  ];
  return (
    <>
      <div className="phub-Community-bar">
        <div role="group" aria-label={trans.__('Which discussions')}>
          {choices.map(([value, label]) => (
            <button
              key={value}
              type="button"
              className="phub-Button"
              aria-pressed={status === value}
              onClick={() => setStatus(value)}
            >
              {label}
            </button>
          ))}
        </div>
        <button
          type="button"
          className="phub-Button jp-mod-accept"
          onClick={() => onOpen('new')}
        >
          {trans.__('New discussion')}
        </button>
      </div>
      <Pages key={status} status={status} onOpen={onOpen} />
    </>
  );
}

function Pages(props: IDiscussionListProps & { status: Shown }): JSX.Element {
  const { status, onOpen } = props;
  const { hub, model, trans } = useRepo();
  const [page, setPage] = useState(0);
  const [items, setItems] = useState<IDiscussion[]>([]);
  const [loaded, retry] = useLoaded<IDiscussionPage>(
    () => hub.discussions(model.repo, status, page),
    `${page}`
  );
  useEffect(() => {
    if (loaded.phase === 'ready') {
      const { start, discussions } = loaded.value;
      setItems(shown => [...shown.slice(0, start), ...discussions]);
    }
  }, [loaded]);
  if (loaded.phase === 'failed') {
    return (
      <LoadFailure
        title={trans.__('The discussions cannot be shown')}
        error={loaded.error}
        onRetry={retry}
        trans={trans}
      />
    );
  }
  if (loaded.phase === 'loading' && items.length === 0) {
    return <Skeleton label={trans.__('Loading the discussions')} rows={4} />;
  }
  if (loaded.phase === 'ready' && loaded.value.count === 0) {
    return <Nothing status={status} />;
  }
  const more = loaded.phase === 'loading' || items.length < loaded.value.count;
  return (
    <>
      <ul className="phub-Rows" aria-label={trans.__('Discussions')}>
        {items.map(item => (
          <Row key={item.num} item={item} onOpen={onOpen} />
        ))}
      </ul>
      {more && (
        <button
          type="button"
          className="phub-Button phub-ResultList-more"
          disabled={loaded.phase === 'loading'}
          onClick={() => setPage(page + 1)}
        >
          {trans.__('Load older discussions')}
        </button>
      )}
    </>
  );
}

function Row(props: IDiscussionListProps & { item: IDiscussion }): JSX.Element {
  const { item, onOpen } = props;
  const { trans } = useRepo();
  return (
    <li className="phub-Rows-row">
      <StatusBadge item={item} />
      <button
        type="button"
        className="phub-LinkButton phub-Rows-title"
        onClick={() => onOpen(item.num)}
      >
        {item.title}
      </button>
      <span className="phub-Hint">
        #{item.num} {item.author?.name ?? trans.__('deleted')}{' '}
        <time dateTime={item.createdAt} title={fullTime(item.createdAt)}>
          {relativeTime(item.createdAt, trans)}
        </time>
      </span>
    </li>
  );
}

function Nothing({ status }: { status: Shown }): JSX.Element {
  const { trans } = useRepo();
  return (
    <Message
      title={
        status === 'open'
          ? trans.__('No open discussions')
          : trans.__('No closed discussions')
      }
    >
      <p>
        {trans.__(
          'Ask a question here, or propose a change from a program: upload with create_pr=True.'
        )}
      </p>
    </Message>
  );
}
