import { HubError } from './errors';

/**
 * The pieces of text in a streamed chat completion.
 *
 * Throws `HubError` for what goes wrong after the answer began.
 */
export async function* chatDeltas(response: Response): AsyncGenerator<string> {
  for await (const line of lines(response)) {
    if (!line.startsWith('data:')) {
      continue;
    }
    const data = line.slice('data:'.length).trim();
    if (data === '[DONE]') {
      return;
    }
    const event = JSON.parse(data);
    if (event.error) {
      throw new HubError({
        message: String(event.error.message ?? event.error),
        status: response.status,
        code: String(event.error_type ?? 'error'),
        retryAfter: null
      });
    }
    const delta = event.choices?.[0]?.delta?.content;
    if (typeof delta === 'string' && delta) {
      yield delta;
    }
  }
}

async function* lines(response: Response): AsyncGenerator<string> {
  if (!response.body) {
    yield* (await response.text()).split('\n');
    return;
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const found = rest.split('\n');
      rest = done ? '' : (found.pop() ?? '');
      yield* found;
      if (done) {
        return;
      }
    }
  } finally {
    // Whoever stops reading is not interested in the rest.
    void reader.cancel().catch(() => undefined);
  }
}
