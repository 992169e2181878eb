import React from 'react';

import { HubError } from '../../api';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { stripFrontMatter } from '../../snippets/frontMatter';
import { useRepo } from '../context';
import { REVISION } from '../model';
import { Markdown } from './Markdown';
import { Metadata } from './Metadata';
import { SpaceRuntime } from './SpaceRuntime';
import { TryIt } from '../tryIt/TryIt';

const CARD_LIMIT = 1_000_000;

/** The card with the metadata beside it, and what can be tried at once. */
export function CardTab(): JSX.Element {
  const { model } = useRepo();
  const { type, id } = model.repo;
  return (
    <div className="phub-CardTab">
      <Card />
      <aside className="phub-CardTab-side">
        {type === 'model' && <TryIt id={id} />}
        {type === 'space' && <SpaceRuntime id={id} />}
        <Metadata />
      </aside>
    </div>
  );
}

function Card(): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [card, retry] = useLoaded(
    () =>
      loadCard(() => hub.text(model.repo, REVISION, 'README.md', CARD_LIMIT)),
    model.info?.sha ?? ''
  );
  if (card.phase === 'loading') {
    return <Skeleton label={trans.__('Loading the card')} rows={8} />;
  }
  if (card.phase === 'failed') {
    return (
      <LoadFailure
        title={trans.__('The card cannot be shown')}
        error={card.error}
        onRetry={retry}
        trans={trans}
      />
    );
  }
  return card.value.trim() ? (
    <Markdown text={card.value} />
  ) : (
    <Message title={trans.__('No card yet')}>
      <p>
        {trans.__(
          'Add a README.md to the repository that says what it is for, where it comes from and what its limits are.'
        )}
      </p>
    </Message>
  );
}

/** The card's text; a repository without one has an empty card. */
async function loadCard(load: () => Promise<string>): Promise<string> {
  try {
    return stripFrontMatter(await load());
  } catch (error) {
    const isMissing =
      error instanceof HubError &&
      ['EntryNotFound', 'RevisionNotFound', 'RangeNotSatisfiable'].includes(
        error.code
      );
    if (isMissing) {
      return '';
    }
    throw error;
  }
}
