import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import { Field } from '../components/Field';
import type { IPublication } from './publishCode';
import { isRepoId } from './publishCode';

/** Ask how to publish a notebook; null when the person changes their mind. */
export async function askForPublication(
  suggested: IPublication,
  trans: TranslationBundle
): Promise<IPublication | null> {
  const dialog = new Dialog({
    title: trans.__('Publish as a Space'),
    body: new PublishBody(suggested, trans),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Publish') })
    ]
  });
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}

class PublishBody
  extends ReactWidget
  implements Dialog.IBodyWidget<IPublication>
{
  constructor(
    private _value: IPublication,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('phub-Form');
  }

  getValue(): IPublication {
    return this._value;
  }

  protected render(): JSX.Element {
    return (
      <PublishForm
        initial={this._value}
        trans={this._trans}
        onChange={value => {
          this._value = value;
        }}
      />
    );
  }
}

interface IPublishFormProps {
  initial: IPublication;
  onChange: (value: IPublication) => void;
  trans: TranslationBundle;
}

function PublishForm(props: IPublishFormProps): JSX.Element {
  const { initial, onChange, trans } = props;
  const [value, setValue] = useState(initial);
  const [models, setModels] = useState(initial.models.join(', '));
  const update = (change: Partial<IPublication>): void => {
    const next = { ...value, ...change };
    setValue(next);
    onChange(next);
  };
  const wrong = splitIds(models).filter(id => !isRepoId(id));
  return (
    <>
      <p className="phub-Hint">
        {trans.__(
          'The notebook becomes an app: its text, widgets and outputs, without the code. It runs as a process of its own and may read only what it needs.'
        )}
      </p>
      <Field
        label={trans.__('Space')}
        value={value.space}
        placeholder={trans.__('namespace/name')}
        error={
          isRepoId(value.space)
            ? undefined
            : trans.__('Use the form namespace/name, for example ada/demo.')
        }
        onChange={space => update({ space: space.trim() })}
      />
      <Field
        label={trans.__('Title')}
        value={value.title}
        onChange={title => update({ title })}
      />
      <Field
        label={trans.__('Models that the app calls')}
        value={models}
        placeholder={trans.__('namespace/name, separated by commas')}
        error={
          wrong.length > 0
            ? trans.__('"%1" is not a model id.', wrong[0])
            : undefined
        }
        onChange={text => {
          setModels(text);
          update({ models: splitIds(text) });
        }}
      />
      <label className="phub-Check">
        <input
          type="checkbox"
          checked={value.private}
          onChange={event => update({ private: event.target.checked })}
        />
        {trans.__('Private: only you and whom you admit')}
      </label>
    </>
  );
}

function splitIds(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
