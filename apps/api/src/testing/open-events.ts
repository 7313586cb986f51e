import { waitFor } from '@bulkhead/testing';
import type { TestApi } from './start-api.ts';

export interface ReceivedEvent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests may read any field of an event and compare it.
  readonly data: any;
}

export interface OpenEvents {
  readonly status: number;
  readonly headers: Headers;
  /** The events that were received until now. */
  readonly events: readonly ReceivedEvent[];
  readonly text: string;
  /** Waits for an event that follows the events of earlier calls. */
  next(name: string, is?: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  /** Closes the connection of the client. */
  leave(): void;
}

/** Reads an event stream as a browser does, but does not reconnect. */
export async function openEvents(options: {
  readonly api: Pick<TestApi, 'baseUrl' | 'operatorKey'>;
  readonly path: string;
  readonly key?: string;
}): Promise<OpenEvents> {
  const { api, path, key = api.operatorKey } = options;
  const controller = new AbortController();
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(api.baseUrl + path, { headers, signal: controller.signal });
  const events: ReceivedEvent[] = [];
  let text = '';
  let seen = 0;
  const read = async () => {
    let buffered = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const blocks = (buffered + chunk).split('\n\n');
      buffered = blocks.pop() ?? '';
      events.push(...blocks.flatMap(toEvent));
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  return {
    status: response.status,
    headers: response.headers,
    events,
    get text() {
      return text;
    },
    next: (name, is = () => true) =>
      waitFor(
        () => {
          const index = events.findIndex((event, at) => at >= seen && event.name === name && is(event));
          if (index < 0) return undefined;
          seen = index + 1;
          return events[index];
        },
        { what: `the event ${name}` },
      ),
    ended,
    leave: () => controller.abort(),
  };
}

function toEvent(block: string): ReceivedEvent[] {
  const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
  return name === undefined || data === undefined ? [] : [{ name, data: JSON.parse(data) }];
}
