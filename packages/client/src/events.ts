import { ApiError, answerOf, type ErrorCode, type FetchResult } from './client.ts';

/** The events of a stream: the type of `data` by the name of the event. */
type EventOf<Events> = { [Name in keyof Events]: { readonly name: Name; readonly data: Events[Name] } }[keyof Events];

/**
 * Follows a stream of server-sent events until it reports its end. The API ends each stream after five minutes, and a connection can
 * break. The stream is then opened again, and sends the current state. If the API does not answer then, for example because it is
 * restarted or its database is unavailable, this tries again for some minutes.
 *
 *     const open = () => api.GET('/api/ehr/rate-budgets/events', { parseAs: 'stream' });
 *     for await (const { data } of followEvents<{ budgets: RateBudget[] }>(open)) print(data);
 *
 * @param options.reconnectMs how long to wait before the stream is opened again. The default is what the API asks of browsers
 * @param options.giveUpAfterMs how long the stream may be closed. The default is enough for an upgrade of the API
 * @throws ApiError if the stream cannot be opened, or reports a problem other than an unavailable database
 */
export async function* followEvents<Events>(
  open: Open,
  { reconnectMs = 2000, giveUpAfterMs = 5 * 60_000 }: FollowOptions = {},
): AsyncGenerator<EventOf<Events>, void, undefined> {
  /** A stream that was never open is not opened again, because its address may be wrong. */
  let giveUpAt = 0;
  for (;;) {
    const stream = await openStream({ open, reconnectMs, giveUpAt });
    try {
      for await (const event of readEvents(stream)) {
        if (event.name === 'end') return;
        if (event.name === 'problem') {
          const problem = event.data as { readonly code: ErrorCode; readonly message: string };
          if (problem.code === 'unavailable') break;
          throw new ApiError({ status: 503, ...problem });
        }
        yield event as EventOf<Events>;
      }
    } catch (error) {
      // fetch reports a connection that breaks in the middle of a response with this type.
      if (!(error instanceof TypeError)) throw error;
    }
    giveUpAt = performance.now() + giveUpAfterMs;
    await sleep(reconnectMs);
  }
}

type Open = () => Promise<FetchResult<ReadableStream<Uint8Array> | null>>;

async function openStream(options: { readonly open: Open; readonly reconnectMs: number; readonly giveUpAt: number }) {
  const { open, reconnectMs, giveUpAt } = options;
  for (;;) {
    try {
      return answerOf(await open());
    } catch (error) {
      if (!isUnanswered(error) || performance.now() >= giveUpAt) throw error;
    }
    await sleep(reconnectMs);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface FollowOptions {
  readonly reconnectMs?: number;
  readonly giveUpAfterMs?: number;
}

/** Whether the API did not answer, or a proxy in front of it says so. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ApiError && [0, 502, 503, 504].includes(error.status);
}

/** Parses server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as the API writes them. */
async function* readEvents(stream: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name] = /^event: (.*)$/m.exec(block) ?? [];
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      if (name !== undefined && data !== undefined) yield { name, data: JSON.parse(data) as unknown };
    }
  }
}
