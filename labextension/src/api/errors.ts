/** A refusal of the hub: a sentence for a person and a code for a program. */
export class HubError extends Error {
  constructor(options: HubError.IOptions) {
    super(options.message);
    this.name = 'HubError';
    this.status = options.status;
    this.code = options.code;
    this.retryAfter = options.retryAfter;
  }

  /** The HTTP status, or 0 when no answer came. */
  readonly status: number;

  /** The hub's code, for example `RepoNotFound`. */
  readonly code: string;

  /** Seconds after which the hub suggests to ask again, or null. */
  readonly retryAfter: number | null;
}

export namespace HubError {
  /** What a refusal consists of. */
  export interface IOptions {
    message: string;
    status: number;
    code: string;
    retryAfter: number | null;
  }

  /** Read the refusal out of an answer. */
  export async function fromResponse(response: Response): Promise<HubError> {
    const retryAfter = Number.parseInt(
      response.headers.get('Retry-After') ?? '',
      10
    );
    return new HubError({
      message: await sentence(response),
      status: response.status,
      code: response.headers.get('X-Error-Code') ?? String(response.status),
      retryAfter: Number.isNaN(retryAfter) ? null : retryAfter
    });
  }

  async function sentence(response: Response): Promise<string> {
    const fallback =
      response.headers.get('X-Error-Message') ||
      `${response.status} ${response.statusText}`.trim();
    try {
      const body = await response.json();
      const error = Array.isArray(body.error)
        ? body.error.join(' ')
        : (body.error ?? body.message);
      return typeof error === 'string' && error ? error : fallback;
    } catch {
      return fallback;
    }
  }
}
