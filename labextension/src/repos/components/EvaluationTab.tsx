import React from 'react';

import type { IEvalResult, ILeader, IStanding } from '../../api';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import type { Loaded } from '../../components/useLoaded';
import { useLoaded } from '../../components/useLoaded';
import { useRepo } from '../context';
import { metricName, shownValue } from '../scores';

/** What a model scored, or the leaderboard of a dataset. */
export function EvaluationTab(): JSX.Element {
  const { model } = useRepo();
  return model.repo.type === 'dataset' ? <Leaderboard /> : <Standings />;
}

function Leaderboard(): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [loaded, retry] = useLoaded(
    () => hub.leaderboard(model.repo.id),
    model.repo.id
  );
  return (
    <Results
      loaded={loaded}
      retry={retry}
      empty={trans.__(
        'No model was evaluated on this dataset yet. %1 in a notebook compares models on it and publishes what they scored.',
        `%phub evaluate --dataset ${model.repo.id} --model … --push`
      )}
    >
      {(leaders: ILeader[]) => (
        <>
          <p className="phub-Hint">{kindOf(leaders[0])}</p>
          <table className="phub-Results">
            <thead>
              <tr>
                <th scope="col">{trans.__('Rank')}</th>
                <th scope="col">{trans.__('Model')}</th>
                <th scope="col">{metricName(leaders[0])}</th>
                <th scope="col">{trans.__('Source')}</th>
              </tr>
            </thead>
            <tbody>
              {leaders.map(leader => (
                <tr key={leader.modelId}>
                  <td className="phub-Results-rank">{leader.rank}</td>
                  <th scope="row">
                    <RepoLink type="model" id={leader.modelId} />
                  </th>
                  <Value result={leader} />
                  <Source result={leader} />
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Results>
  );
}

function Standings(): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [loaded, retry] = useLoaded(
    () => hub.standings(model.repo.id),
    model.repo.id
  );
  return (
    <Results
      loaded={loaded}
      retry={retry}
      empty={trans.__(
        'This model was not evaluated yet. %1 in a notebook does it, on any dataset of its task.',
        `%phub evaluate --model ${model.repo.id} --dataset … --push`
      )}
    >
      {(standings: IStanding[]) => (
        <table className="phub-Results">
          <thead>
            <tr>
              <th scope="col">{trans.__('Dataset')}</th>
              <th scope="col">{trans.__('Metric')}</th>
              <th scope="col">{trans.__('Value')}</th>
              <th scope="col">{trans.__('Rank')}</th>
              <th scope="col">{trans.__('Source')}</th>
            </tr>
          </thead>
          <tbody>
            {standings.map((standing, index) => (
              <tr key={index}>
                <th scope="row">
                  <RepoLink type="dataset" id={standing.dataset.id} />
                  <span className="phub-Hint">
                    {' '}
                    {standing.evaluation.split}
                  </span>
                </th>
                <td>{metricName(standing)}</td>
                <Value result={standing} />
                <td
                  title={trans.__(
                    'Best: %1 with %2',
                    standing.best.modelId,
                    shownValue({ ...standing, value: standing.best.value })
                  )}
                >
                  {trans.__('%1 of %2', standing.rank, standing.of)}
                </td>
                <Source result={standing} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Results>
  );
}

interface IResultsProps<T> {
  loaded: Loaded<T[]>;
  retry: () => void;
  empty: string;
  children: (results: T[]) => JSX.Element;
}

function Results<T>(props: IResultsProps<T>): JSX.Element {
  const { trans } = useRepo();
  const { loaded, retry, empty, children } = props;
  if (loaded.phase === 'failed') {
    return (
      <LoadFailure
        title={trans.__('The results cannot be shown')}
        error={loaded.error}
        onRetry={retry}
        trans={trans}
      />
    );
  }
  if (loaded.phase === 'loading') {
    return <Skeleton label={trans.__('Loading the results')} rows={4} />;
  }
  if (loaded.value.length === 0) {
    return (
      <Message title={trans.__('No results yet')}>
        <p>{empty}</p>
      </Message>
    );
  }
  return children(loaded.value);
}

function Value({ result }: { result: IEvalResult }): JSX.Element {
  const share = result.evaluation.unit === 'share' ? result.value : null;
  return (
    <td className="phub-Results-value">
      {shownValue(result)}
      {share !== null && (
        <meter min={0} max={1} value={share} aria-hidden="true" />
      )}
    </td>
  );
}

function Source({ result }: { result: IEvalResult }): JSX.Element {
  const { trans } = useRepo();
  return (
    <td>
      {result.verified ? (
        <span
          className="phub-Results-verified"
          title={trans.__('The hub computed this value itself')}
        >
          {trans.__('verified')}
        </span>
      ) : (
        <span title={trans.__('Somebody wrote this value down')}>
          {trans.__('reported')}
        </span>
      )}{' '}
      {result.date && (
        <time
          className="phub-Hint"
          dateTime={result.date}
          title={fullTime(result.date)}
        >
          {relativeTime(result.date, trans)}
        </time>
      )}
    </td>
  );
}

function RepoLink(props: {
  type: 'model' | 'dataset';
  id: string;
}): JSX.Element {
  const { openRepo } = useRepo();
  return (
    <button
      type="button"
      className="phub-LinkButton"
      onClick={() => openRepo(props)}
    >
      {props.id}
    </button>
  );
}

function kindOf(result: IEvalResult): string {
  const { split, rows } = result.evaluation;
  return [
    result.dataset.task_id,
    split,
    rows === undefined ? '' : `${rows} rows`
  ]
    .filter(Boolean)
    .join(', ');
}
