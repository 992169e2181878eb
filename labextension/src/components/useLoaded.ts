import { useEffect, useState } from 'react';

/** Something that is being loaded, was loaded, or could not be. */
export type Loaded<T> =
  | { phase: 'loading' }
  | { phase: 'ready'; value: T }
  | { phase: 'failed'; error: unknown };

/** Load something when the component appears and whenever the key changes. */
export function useLoaded<T>(
  load: () => Promise<T>,
  key: string
): [Loaded<T>, () => void] {
  const [state, setState] = useState<Loaded<T>>({ phase: 'loading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    setState({ phase: 'loading' });
    load().then(
      value => isCurrent && setState({ phase: 'ready', value }),
      (error: unknown) => isCurrent && setState({ phase: 'failed', error })
    );
    return () => {
      isCurrent = false;
    };
  }, [key, attempt]);
  return [state, () => setAttempt(count => count + 1)];
}
