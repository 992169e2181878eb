import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { Hub, RepoType } from '../api';
import { Field } from '../components/Field';
import type { ITraining } from '../snippets/cells';

const SUGGESTIONS = 100;

/** Ask what to train on what; null when the person changes their mind. */
export async function askForTraining(
  options: askForTraining.IOptions
): Promise<ITraining | null> {
  const { hub, given, user, trans } = options;
  const [models, datasets] = await Promise.all([
    suggestions(hub, 'model'),
    suggestions(hub, 'dataset')
  ]);
  const body = new TrainBody({ given, user, models, datasets, trans });
  const result = await new Dialog({
    title: trans.__('Train a model on a dataset'),
    body,
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Insert the cell') })
    ]
  }).launch();
  return result.button.accept ? result.value : null;
}

export namespace askForTraining {
  /** What the dialog needs. */
  export interface IOptions {
    hub: Pick<Hub, 'search'>;
    /** What is known already. */
    given: ITraining;
    /** The person's name on the hub, the namespace of the result. */
    user: string;
    trans: TranslationBundle;
  }
}

/** The ids to choose from; without the hub's answer the person types them. */
async function suggestions(
  hub: Pick<Hub, 'search'>,
  type: RepoType
): Promise<string[]> {
  const page = await hub
    .search({
      text: '',
      type,
      filters: {},
      sort: 'updated',
      limit: SUGGESTIONS,
      offset: 0
    })
    .catch(() => null);
  return page?.items.map(item => item.id) ?? [];
}

interface ITrainBodyOptions {
  given: ITraining;
  user: string;
  models: string[];
  datasets: string[];
  trans: TranslationBundle;
}

class TrainBody extends ReactWidget implements Dialog.IBodyWidget<ITraining> {
  constructor(private readonly _options: ITrainBodyOptions) {
    super();
    this.addClass('phub-Form');
    this._value = { ..._options.given };
  }

  getValue(): ITraining {
    return this._value;
  }

  protected render(): JSX.Element {
    return (
      <TrainForm
        {...this._options}
        onChange={value => {
          this._value = value;
        }}
      />
    );
  }

  private _value: ITraining;
}

interface ITrainFormProps extends ITrainBodyOptions {
  onChange: (value: ITraining) => void;
}

function TrainForm(props: ITrainFormProps): JSX.Element {
  const { given, user, models, datasets, onChange, trans } = props;
  const [value, setValue] = useState<ITraining>(given);
  const update = (change: ITraining): void => {
    const next = { ...value, ...change };
    if (!('to' in change)) {
      next.to = resultName(next, user);
    }
    setValue(next);
    onChange(next);
  };
  return (
    <>
      <Field
        label={trans.__('Model to start from')}
        value={value.model ?? ''}
        placeholder={trans.__('namespace/name')}
        suggestions={models}
        onChange={model => update({ model })}
      />
      <Field
        label={trans.__('Dataset')}
        value={value.dataset ?? ''}
        placeholder={trans.__('namespace/name')}
        suggestions={datasets}
        onChange={dataset => update({ dataset })}
      />
      <Field
        label={trans.__('Publish the best as')}
        value={value.to ?? ''}
        placeholder={trans.__('namespace/name')}
        onChange={to => update({ to })}
      />
    </>
  );
}

/** A name for the result: the dataset's, then the model's. */
function resultName(training: ITraining, user: string): string | undefined {
  const dataset = training.dataset?.split('/')[1];
  const model = training.model?.split('/')[1];
  return dataset && model ? `${user}/${dataset}-${model}` : undefined;
}
