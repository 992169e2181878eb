import { ServerConnection } from '@jupyterlab/services';

import { HubError } from '../errors';
import { Hub } from '../hub';

interface IAnswer {
  body?: unknown;
  text?: string;
  status?: number;
  headers?: Record<string, string>;
}

/** A hub whose server gives the answers in order and remembers what it was asked. */
function hubAnswering(...answers: IAnswer[]): { hub: Hub; asked: Request[] } {
  const asked: Request[] = [];
  const fetch = async (request: RequestInfo | URL): Promise<Response> => {
    asked.push(request as Request);
    const { body, text, status, headers } = answers[asked.length - 1];
    return new Response(text ?? JSON.stringify(body ?? {}), {
      status,
      headers
    });
  };
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://lab.test/user/ada/',
    fetch,
    init: { cache: 'default' }
  });
  return { hub: new Hub({ serverSettings }), asked };
}

const MODEL = { type: 'model', id: 'demo/minilm' } as const;

describe('Hub', () => {
  it('asks the hub below the base URL of the Jupyter server', async () => {
    const { hub, asked } = hubAnswering({ body: { version: '1' } });
    await hub.status();
    expect(asked[0].url).toBe('http://lab.test/user/ada/phub/api/phub/status');
  });

  it('sends every filter of a search', async () => {
    const { hub, asked } = hubAnswering({ body: { items: [] } });
    await hub.search({
      text: ' mini lm ',
      type: 'model',
      filters: { task: ['text-classification'], language: ['en', 'de'] },
      sort: 'likes',
      limit: 50,
      offset: 100
    });
    const { searchParams } = new URL(asked[0].url);
    expect(searchParams.get('q')).toBe('mini lm');
    expect(searchParams.get('type')).toBe('model');
    expect(searchParams.getAll('language')).toEqual(['en', 'de']);
    expect(searchParams.get('offset')).toBe('100');
  });

  it('sends the path of a folder as one segment', async () => {
    const { hub, asked } = hubAnswering({ body: [] });
    await hub.tree({ type: 'dataset', id: 'a/d' }, 'main', 'data/a b');
    expect(new URL(asked[0].url).pathname).toBe(
      '/user/ada/phub/api/datasets/a/d/tree/main/data%2Fa%20b'
    );
  });

  it('follows the pages of a folder on its own address', async () => {
    const { hub, asked } = hubAnswering(
      {
        body: [{ path: 'a' }],
        headers: {
          Link: '<http://inside:1/api/models/x?expand=true&cursor=b>; rel="next"'
        }
      },
      { body: [{ path: 'b' }] }
    );
    const entries = await hub.tree(MODEL, 'main', '');
    expect(entries.map(entry => entry.path)).toEqual(['a', 'b']);
    expect(asked[1].url).toBe(
      'http://lab.test/user/ada/phub/api/models/demo/minilm/tree/main?expand=true&cursor=b'
    );
  });

  it('knows where files of each kind are', () => {
    const { hub } = hubAnswering();
    expect(hub.fileUrl(MODEL, 'main', 'sub/a b.txt')).toBe(
      'http://lab.test/user/ada/phub/demo/minilm/resolve/main/sub/a%20b.txt'
    );
    expect(hub.fileUrl({ type: 'space', id: 'a/s' }, 'refs/pr/1', 'x')).toBe(
      'http://lab.test/user/ada/phub/spaces/a/s/resolve/refs%2Fpr%2F1/x'
    );
  });

  it('calls a model', async () => {
    const { hub, asked } = hubAnswering({
      body: [{ label: 'good' }],
      headers: { 'Content-Type': 'application/json; charset=UTF-8' }
    });
    expect(await hub.infer('demo/minilm', { inputs: 'a' })).toEqual([
      { label: 'good' }
    ]);
    expect(asked[0].url).toBe(
      'http://lab.test/user/ada/phub/models/demo/minilm'
    );
    // As plain text the hub would take the JSON itself for the text.
    expect(asked[0].headers.get('Content-Type')).toBe('application/json');
  });

  it('takes pictures and sounds as they are', async () => {
    const { hub } = hubAnswering({
      text: 'sound',
      headers: { 'Content-Type': 'audio/wav' }
    });
    const said = (await hub.infer('demo/speaker', { inputs: 'a' })) as Blob;
    expect([said.size, said.type]).toEqual([5, 'audio/wav']);
  });

  it('tells what a model writes while it writes', async () => {
    const event = (content: string): string =>
      `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
    const { hub, asked } = hubAnswering({
      text: `${event('Good ')}: alive\n\n${event('day')}data: [DONE]\n\n`
    });
    const told: string[] = [];
    const messages = [{ role: 'user', content: 'Hi' }] as const;
    const whole = await hub.chat('demo/lm', messages, text => told.push(text));
    expect([whole, told]).toEqual(['Good day', ['Good ', 'Good day']]);
    expect(await asked[0].json()).toEqual({ messages, stream: true });
  });

  it('refuses when a stream ends with an error', async () => {
    const { hub } = hubAnswering({ text: 'data: {"error":"Too long."}\n\n' });
    const refusal = await hub
      .chat('demo/lm', [], () => undefined)
      .catch(e => e);
    expect(refusal).toBeInstanceOf(HubError);
    expect(refusal.message).toBe('Too long.');
  });

  it('asks nobody else for files', () => {
    const { hub } = hubAnswering();
    expect(hub.isOwn('http://lab.test/user/ada/phub/a/b/resolve/main/c')).toBe(
      true
    );
    for (const other of ['http://x.test/user/ada/phub/a', '/phub', '']) {
      expect(hub.isOwn(other)).toBe(false);
    }
  });

  it('reads the log of a Space out of its events', async () => {
    const { hub } = hubAnswering({
      text: 'data: {"data":"one\\n"}\n\n: keep-alive\n\ndata: {"data":"two"}\n\n'
    });
    expect(await hub.log('a/s')).toBe('one\ntwo');
  });

  it('turns a refusal into its sentence, code and patience', async () => {
    const { hub } = hubAnswering({
      status: 503,
      body: { error: 'The queue is full.' },
      headers: { 'Retry-After': '7', 'X-Error-Code': 'Overloaded' }
    });
    const refusal = await hub.infer('demo/minilm', {}).catch(e => e);
    expect(refusal).toBeInstanceOf(HubError);
    expect(refusal).toMatchObject({
      message: 'The queue is full.',
      status: 503,
      code: 'Overloaded',
      retryAfter: 7
    });
  });
});
