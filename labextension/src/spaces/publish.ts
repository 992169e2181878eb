import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPublication, IPublished } from './publishCode';
import { publishLine, SPACE_MIME_TYPE } from './publishCode';

// eslint-disable-next-line no-control-regex
const ANSI_COLOUR = /\u001b\[[0-9;]*m/g;

/** Save a notebook and publish it from its own kernel. */
export async function publishNotebook(
  panel: NotebookPanel,
  publication: IPublication,
  trans: TranslationBundle
): Promise<IPublished> {
  await panel.context.save();
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) {
    throw new Error(
      trans.__('The notebook has no kernel. Start one, then publish again.')
    );
  }
  return run(kernel, publishLine(panel.context.path, publication), trans);
}

/** Run the line outside of the history and read what it leaves. */
async function run(
  kernel: Kernel.IKernelConnection,
  code: string,
  trans: TranslationBundle
): Promise<IPublished> {
  let published: IPublished | null = null;
  let printed = '';
  const future = kernel.requestExecute({
    code,
    store_history: false,
    stop_on_error: false
  });
  future.onIOPub = message => {
    const content = message.content as Partial<
      KernelMessage.IDisplayDataMsg['content'] &
        KernelMessage.IStreamMsg['content']
    >;
    const answer = content.data?.[SPACE_MIME_TYPE];
    if (answer) {
      published = answer as unknown as IPublished;
    }
    printed += content.text ?? '';
  };
  const reply = await future.done;
  if (reply.content.status === 'error') {
    throw new Error(reply.content.evalue || reply.content.ename);
  }
  if (!published) {
    const lines = printed.replace(ANSI_COLOUR, '').trim().split('\n');
    throw new Error(
      lines[lines.length - 1] ||
        trans.__('The kernel did not say whether the notebook was published.')
    );
  }
  return published;
}
