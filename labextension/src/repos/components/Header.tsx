import { showErrorMessage } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IRepoInfo } from '../../api';
import { CopyButton } from '../../components/CopyButton';
import { explain } from '../../components/explain';
import {
  likedIcon,
  likeIcon,
  lockIcon,
  openIcon,
  REPO_ICONS
} from '../../components/icons';
import { shortNumber } from '../../components/shortNumber';
import { useModel } from '../../components/useModel';
import { CommandIDs } from '../../tokens';
import { useRepo } from '../context';

/** What the header needs. */
export interface IHeaderProps {
  info: IRepoInfo;
}

/** The name of the repository and what can be done with it. */
export function Header({ info }: IHeaderProps): JSX.Element {
  const { model, taskLabels, trans } = useRepo();
  useModel(model);
  const { type } = model.repo;
  const TypeIcon = REPO_ICONS[type];
  const types = {
    model: trans.__('Model'),
    dataset: trans.__('Dataset'),
    space: trans.__('Space')
  };
  const [author, name] = info.id.split('/');
  const task = model.facts?.task;
  return (
    <header className="phub-Header">
      <div className="phub-Header-title">
        <TypeIcon.react
          tag="span"
          className={`phub-icon phub-TypeIcon jp-mod-${type}`}
        />
        <h1 className="phub-Header-id">
          <span className="phub-Header-author">{author}/</span>
          {name}
        </h1>
        <CopyButton
          text={info.id}
          label={trans.__('Copy the repository id')}
          trans={trans}
        />
        <span className="phub-Badge">{types[type]}</span>
        {info.private && (
          <span className="phub-Badge">
            <lockIcon.react tag="span" className="phub-icon" />
            {trans.__('Private')}
          </span>
        )}
        {task && (
          <span className="phub-Badge jp-mod-task">
            {taskLabels.get(task) ?? task}
          </span>
        )}
      </div>
      <div className="phub-Header-actions">
        <Actions info={info} />
      </div>
    </header>
  );
}

function Actions({ info }: IHeaderProps): JSX.Element {
  const { model, execute, trans } = useRepo();
  const { type } = model.repo;
  const task = model.facts?.task ?? null;
  const repo = { type, id: info.id, task };
  return (
    <>
      <LikeButton info={info} />
      {type === 'space' ? (
        <button
          type="button"
          className="phub-Button jp-mod-accept"
          onClick={() => execute(CommandIDs.openApp, { id: info.id })}
        >
          <openIcon.react tag="span" className="phub-icon" />
          {trans.__('Open app')}
        </button>
      ) : (
        <button
          type="button"
          className="phub-Button jp-mod-accept"
          onClick={() => execute(CommandIDs.useInNotebook, repo)}
        >
          {trans.__('Use in notebook')}
        </button>
      )}
      {type === 'model' && (
        <button
          type="button"
          className="phub-Button"
          onClick={() => execute(CommandIDs.deployModel, { id: info.id })}
        >
          {trans.__('Deploy')}
        </button>
      )}
      <button
        type="button"
        className="phub-IconButton"
        title={trans.__('Refresh')}
        aria-label={trans.__('Refresh')}
        onClick={() => void model.refresh()}
      >
        <refreshIcon.react tag="span" className="phub-icon" />
      </button>
    </>
  );
}

function LikeButton({ info }: IHeaderProps): JSX.Element {
  const { model, trans } = useRepo();
  const Icon = model.liked ? likedIcon : likeIcon;
  const label = model.liked ? trans.__('Liked') : trans.__('Like');
  const onClick = (): void => {
    model.toggleLike().catch((error: unknown) => {
      void showErrorMessage(
        trans.__('The like was not saved'),
        explain(error, trans)
      );
    });
  };
  return (
    <button
      type="button"
      className="phub-Button"
      aria-pressed={model.liked}
      onClick={onClick}
    >
      <Icon.react tag="span" className="phub-icon" />
      {label}
      <span className="phub-Button-count">{shortNumber(info.likes)}</span>
    </button>
  );
}
