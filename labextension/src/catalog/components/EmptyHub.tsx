import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { CopyButton } from '../../components/CopyButton';
import { Message } from '../../components/Message';

/** The shortest way to put something into the hub. */
const FIRST_UPLOAD = `from huggingface_hub import HfApi
repo = HfApi().create_repo("my-first-model")
HfApi().upload_folder(repo_id=repo.repo_id, folder_path="model")`;

/** What the empty hub needs. */
export interface IEmptyHubProps {
  trans: TranslationBundle;
}

/** Tells a person whose hub is empty how to fill it. */
export function EmptyHub(props: IEmptyHubProps): JSX.Element {
  const { trans } = props;
  return (
    <Message title={trans.__('Your hub is empty')}>
      <p>
        {trans.__(
          'Upload a first model from a notebook. No login is needed: notebooks here know the hub already.'
        )}
      </p>
      <pre className="phub-Code">{FIRST_UPLOAD}</pre>
      <CopyButton
        text={FIRST_UPLOAD}
        label={trans.__('Copy the code')}
        showLabel
        trans={trans}
      />
    </Message>
  );
}
