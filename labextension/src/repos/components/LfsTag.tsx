import React from 'react';

import { useRepo } from '../context';

/** Marks a large file. */
export function LfsTag(): JSX.Element {
  const { trans } = useRepo();
  return (
    <span
      className="phub-Tag"
      title={trans.__('Large file, kept outside of the git history')}
    >
      {trans.__('LFS')}
    </span>
  );
}
