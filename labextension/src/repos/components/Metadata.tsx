import React from 'react';

import { CopyButton } from '../../components/CopyButton';
import { fileSize } from '../../components/fileSize';
import { REPO_ICONS } from '../../components/icons';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { shortNumber } from '../../components/shortNumber';
import { useModel } from '../../components/useModel';
import type { ICardFacts, IRelation, IScore } from '../card';
import { useRepo } from '../context';

/** The facts of the front matter and of the repository, as a table. */
export function Metadata(): JSX.Element | null {
  const { model, taskLabels, trans } = useRepo();
  useModel(model);
  const { info, facts } = model;
  if (!info || !facts) {
    return null;
  }
  return (
    <section
      className="phub-Panel"
      aria-label={trans.__('Metadata of %1', info.id)}
    >
      <h2 className="phub-Panel-title">{trans.__('About')}</h2>
      <dl className="phub-Metadata">
        <Fact name={trans.__('Task')}>
          {facts.task && (taskLabels.get(facts.task) ?? facts.task)}
        </Fact>
        <Fact name={trans.__('Library')}>{facts.library}</Fact>
        <Fact name={trans.__('License')}>{facts.license}</Fact>
        <Fact name={trans.__('Language')}>
          {facts.languages.join(', ') || null}
        </Fact>
        <Relations name={trans.__('Base model')} items={facts.baseModels} />
        <Relations name={trans.__('Datasets')} items={facts.datasets} />
        <Relations name={trans.__('Models')} items={facts.models} />
        <Fact name={trans.__('Downloads')}>
          {info.downloads === undefined ? null : shortNumber(info.downloads)}
        </Fact>
        <Fact name={trans.__('Storage')}>
          {info.usedStorage ? fileSize(info.usedStorage) : null}
        </Fact>
        <Fact name={trans.__('Updated')}>
          <time
            dateTime={info.lastModified}
            title={fullTime(info.lastModified)}
          >
            {relativeTime(info.lastModified, trans)}
          </time>
        </Fact>
        <Fact name={trans.__('Commit')}>
          {info.sha && (
            <span className="phub-Sha">
              <code>{info.sha.slice(0, 8)}</code>
              <CopyButton
                text={info.sha}
                label={trans.__('Copy the commit id')}
                trans={trans}
              />
            </span>
          )}
        </Fact>
      </dl>
      <Scores scores={facts.scores} />
      <Tags facts={facts} />
    </section>
  );
}

interface IFactProps {
  name: string;
  children: React.ReactNode;
}

function Fact({ name, children }: IFactProps): JSX.Element | null {
  if (children === null || children === undefined || children === '') {
    return null;
  }
  return (
    <div className="phub-Metadata-row">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface IRelationsProps {
  name: string;
  items: IRelation[];
}

function Relations({ name, items }: IRelationsProps): JSX.Element | null {
  const { openRepo } = useRepo();
  if (items.length === 0) {
    return null;
  }
  return (
    <Fact name={name}>
      {items.map(repo => {
        const Icon = REPO_ICONS[repo.type];
        return (
          <button
            key={repo.id}
            type="button"
            className="phub-LinkButton"
            onClick={() => openRepo(repo)}
          >
            <Icon.react tag="span" className="phub-icon" />
            {repo.id}
          </button>
        );
      })}
    </Fact>
  );
}

function Scores({ scores }: { scores: IScore[] }): JSX.Element | null {
  const { trans } = useRepo();
  if (scores.length === 0) {
    return null;
  }
  return (
    <table className="phub-Scores">
      <caption>{trans.__('Evaluation')}</caption>
      <thead className="phub-hidden">
        <tr>
          <th>{trans.__('Metric')}</th>
          <th>{trans.__('Value')}</th>
        </tr>
      </thead>
      <tbody>
        {scores.map((score, index) => (
          <tr key={index}>
            <th scope="row">
              {score.metric}
              <span className="phub-Scores-dataset">{score.dataset}</span>
            </th>
            <td>{score.value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Tags({ facts }: { facts: ICardFacts }): JSX.Element | null {
  const { trans } = useRepo();
  if (facts.tags.length === 0) {
    return null;
  }
  return (
    <ul className="phub-Tags" aria-label={trans.__('Tags')}>
      {facts.tags.map(tag => (
        <li key={tag} className="phub-Tag">
          {tag}
        </li>
      ))}
    </ul>
  );
}
