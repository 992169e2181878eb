import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import { CopyButton } from '../components/CopyButton';
import { TabList } from '../components/TabList';
import type { IDeploySnippet } from '../snippets/deploy';
import { deploySnippets } from '../snippets/deploy';

/** Show how to call a model from a program. */
export async function showDeployDialog(
  endpoint: string,
  id: string,
  trans: TranslationBundle
): Promise<void> {
  const body = ReactWidget.create(
    <Deploy snippets={deploySnippets(endpoint, id)} trans={trans} />
  );
  body.addClass('phub-Deploy');
  const dialog = new Dialog({
    title: trans.__('Call %1 over HTTP', id),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })],
    hasClose: true
  });
  await dialog.launch();
}

interface IDeployProps {
  snippets: IDeploySnippet[];
  trans: TranslationBundle;
}

function Deploy({ snippets, trans }: IDeployProps): JSX.Element {
  const [name, setName] = useState(snippets[0].name);
  const labels: Record<IDeploySnippet['name'], string> = {
    requests: trans.__('Python'),
    client: trans.__('InferenceClient'),
    curl: trans.__('curl')
  };
  const snippet = snippets.find(other => other.name === name) ?? snippets[0];
  return (
    <>
      <TabList
        id="phub-deploy"
        label={trans.__('Language')}
        tabs={snippets.map(({ name: value }) => ({
          value,
          label: labels[value]
        }))}
        selected={name}
        onSelect={setName}
      />
      <div
        role="tabpanel"
        id="phub-deploy-panel"
        aria-labelledby={`phub-deploy-tab-${name}`}
      >
        <pre className="phub-Code">{snippet.source}</pre>
        <CopyButton
          text={snippet.source}
          label={trans.__('Copy the code')}
          showLabel
          trans={trans}
        />
      </div>
      <p className="phub-Hint">
        {trans.__(
          'Notebooks of this Jupyter have a token in HF_TOKEN already. For another program, make one with "phub token add" and put it into its environment, never into its code.'
        )}
      </p>
    </>
  );
}
