import React from 'react';

import type { IDiscussion } from '../../api';
import { useRepo } from '../../repos/context';

/** What the badge needs. */
export interface IStatusBadgeProps {
  item: Pick<IDiscussion, 'status' | 'isPullRequest'>;
}

/** Whether it is a discussion or a pull request, and where it stands. */
export function StatusBadge({ item }: IStatusBadgeProps): JSX.Element {
  const { trans } = useRepo();
  const states = {
    open: trans.__('open'),
    closed: trans.__('closed'),
    merged: trans.__('merged'),
    draft: trans.__('draft')
  };
  const kind = item.isPullRequest
    ? trans.__('Pull request')
    : trans.__('Discussion');
  return (
    <span className={`phub-Badge phub-Status jp-mod-${item.status}`}>
      {kind}, {states[item.status]}
    </span>
  );
}
