import React, { useEffect, useState } from 'react';

import type { ICommit } from '../../api';
import { CopyButton } from '../../components/CopyButton';
import { LoadFailure } from '../../components/LoadFailure';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import { useRepo } from '../context';
import { REVISION } from '../model';

/** The commits, newest first. */
export function HistoryTab(): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [commits, setCommits] = useState<ICommit[]>([]);
  const [next, setNext] = useState<string | null>('limit=50');
  const [failure, setFailure] = useState<unknown>(null);
  const [isLoading, setLoading] = useState(true);

  const load = async (query: string): Promise<void> => {
    setLoading(true);
    setFailure(null);
    try {
      const page = await hub.commits(model.repo, REVISION, query);
      setCommits(shown => [...shown, ...page.items]);
      setNext(page.next);
    } catch (error) {
      setFailure(error);
    } finally {
      setLoading(false);
    }
  };
  useEffect(() => {
    void load('limit=50');
  }, []);

  if (failure) {
    return (
      <LoadFailure
        title={trans.__('The history cannot be shown')}
        error={failure}
        onRetry={() => void load(next ?? 'limit=50')}
        trans={trans}
      />
    );
  }
  if (isLoading && commits.length === 0) {
    return <Skeleton label={trans.__('Loading the history')} rows={6} />;
  }
  return (
    <>
      <ol className="phub-History" aria-label={trans.__('Commits')}>
        {commits.map(commit => (
          <Commit key={commit.id} commit={commit} />
        ))}
      </ol>
      {next && (
        <button
          type="button"
          className="phub-Button phub-ResultList-more"
          disabled={isLoading}
          onClick={() => void load(next)}
        >
          {trans.__('Load older commits')}
        </button>
      )}
    </>
  );
}

function Commit({ commit }: { commit: ICommit }): JSX.Element {
  const { trans } = useRepo();
  const authors = commit.authors.map(author => author.user).join(', ');
  return (
    <li className="phub-History-commit">
      <div className="phub-History-text">
        <span className="phub-History-title">{commit.title}</span>
        {commit.message && commit.message !== commit.title && (
          <span className="phub-History-message">{commit.message}</span>
        )}
        <span className="phub-Hint">
          {authors && <strong>{authors}</strong>}{' '}
          <time dateTime={commit.date} title={fullTime(commit.date)}>
            {relativeTime(commit.date, trans)}
          </time>
        </span>
      </div>
      <span className="phub-Sha">
        <code>{commit.id.slice(0, 8)}</code>
        <CopyButton
          text={commit.id}
          label={trans.__('Copy the commit id %1', commit.id.slice(0, 8))}
          trans={trans}
        />
      </span>
    </li>
  );
}
