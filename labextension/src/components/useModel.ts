import type { ISignal } from '@lumino/signaling';
import { useEffect, useState } from 'react';

/** State that tells when it changed. */
export interface IObservable {
  readonly changed: ISignal<unknown, void>;
}

/** Render the calling component again whenever the model changes. */
export function useModel(model: IObservable): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const onChanged = (): void => setTick(tick => tick + 1);
    model.changed.connect(onChanged);
    return () => {
      model.changed.disconnect(onChanged);
    };
  }, [model]);
}
