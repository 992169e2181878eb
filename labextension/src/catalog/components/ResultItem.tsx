import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IRepoItem } from '../../api';
import {
  likedIcon,
  likeIcon,
  lockIcon,
  REPO_ICONS
} from '../../components/icons';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { shortNumber } from '../../components/shortNumber';

/** What a result needs. */
export interface IResultItemProps {
  item: IRepoItem;
  /** The task in words. */
  taskLabel: string | null;
  /** Whether Tab stops here. */
  isCurrent: boolean;
  onOpen: () => void;
  onFocus: () => void;
  trans: TranslationBundle;
}

/** One repository in the list. */
export function ResultItem(props: IResultItemProps): JSX.Element {
  const { item, taskLabel, isCurrent, onOpen, onFocus, trans } = props;
  const TypeIcon = REPO_ICONS[item.type];
  const LikeIcon = item.liked ? likedIcon : likeIcon;
  return (
    <li className="phub-ResultItem">
      <button
        type="button"
        className="phub-ResultItem-button"
        tabIndex={isCurrent ? 0 : -1}
        onClick={onOpen}
        onFocus={onFocus}
        title={item.description || item.id}
        aria-label={describe(item, taskLabel, trans)}
        data-repo={item.id}
      >
        <TypeIcon.react
          tag="span"
          className={`phub-icon phub-TypeIcon jp-mod-${item.type}`}
        />
        <span className="phub-ResultItem-body">
          <span className="phub-ResultItem-id">
            <span className="phub-ResultItem-author">{item.author}/</span>
            <span className="phub-ResultItem-name">{item.name}</span>
            {item.private && (
              <lockIcon.react tag="span" className="phub-icon phub-Lock" />
            )}
            <span className="phub-spacer" />
            <span className="phub-ResultItem-likes">
              <LikeIcon.react tag="span" className="phub-icon" />
              {shortNumber(item.likes)}
            </span>
          </span>
          <span className="phub-ResultItem-facts">
            {taskLabel && <span className="phub-Tag">{taskLabel}</span>}
            <span title={fullTime(item.updated)}>
              {relativeTime(item.updated, trans)}
            </span>
          </span>
        </span>
      </button>
    </li>
  );
}

/** The result in one sentence, for people who hear it. */
function describe(
  item: IRepoItem,
  taskLabel: string | null,
  trans: TranslationBundle
): string {
  const types = {
    model: trans.__('model'),
    dataset: trans.__('dataset'),
    space: trans.__('Space')
  };
  return [
    item.id,
    types[item.type],
    item.private ? trans.__('private') : '',
    taskLabel ?? '',
    trans._n('%1 like', '%1 likes', item.likes),
    trans.__('updated %1', relativeTime(item.updated, trans))
  ]
    .filter(Boolean)
    .join(', ');
}
