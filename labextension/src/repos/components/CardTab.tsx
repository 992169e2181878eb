import { MimeModel } from '@jupyterlab/rendermime';
import React, { useCallback } from 'react';

import { HubError } from '../../api';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { WidgetHost } from '../../components/WidgetHost';
import { stripFrontMatter } from '../../snippets/frontMatter';
import { CardResolver, cardTarget } from '../cardLinks';
import { useRepo } from '../context';
import { REVISION } from '../model';
import { Metadata } from './Metadata';
import { SpaceRuntime } from './SpaceRuntime';
import { TryIt } from './TryIt';

const CARD_LIMIT = 1_000_000;
const MARKDOWN = 'text/markdown';

/** The card with the metadata beside it, and what can be tried at once. */
export function CardTab(): JSX.Element {
  const { model } = useRepo();
  const { type, id } = model.repo;
  const canTry =
    type === 'model' && model.facts?.task === 'text-classification';
  return (
    <div className="phub-CardTab">
      <Card />
      <aside className="phub-CardTab-side">
        {canTry && <TryIt id={id} examples={model.facts?.examples ?? []} />}
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

/** Markdown by Lab's own renderer, which cleans it: the author is not trusted. */
function Markdown({ text }: { text: string }): JSX.Element {
  const { hub, model, rendermime, openRepo } = useRepo();
  const create = useCallback(() => {
    const follow = (href: string): void => {
      const target = cardTarget(href);
      if (target?.kind === 'repo') {
        openRepo(target.repo);
      } else if (target) {
        model.openPath(target.path);
      }
    };
    const registry = rendermime.clone({
      resolver: new CardResolver(hub, model.repo),
      linkHandler: {
        handleLink: (node, path) =>
          node.addEventListener('click', event => {
            event.preventDefault();
            follow(path);
          })
      }
    });
    const renderer = registry.createRenderer(MARKDOWN);
    void renderer.renderModel(
      new MimeModel({ data: { [MARKDOWN]: text }, trusted: false })
    );
    return renderer;
  }, [hub, model, rendermime, text]);
  return <WidgetHost create={create} className="phub-Card" />;
}
