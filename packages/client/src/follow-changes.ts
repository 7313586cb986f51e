import { type ApiClient, ApiError, answerOf } from './client.ts';
import { isUnanswered, sleep } from './events.ts';

/** A resource that was stored, changed, deleted at the EHR, or erased. */
export interface ResourceChange {
  readonly type: string;
  readonly id: string;
  /** The stored version as JSON, with each number as the EHR wrote it. Undefined if the resource was deleted or erased. */
  readonly json: string | undefined;
}

export interface ChangeBatch {
  /** In the order in which they were stored. Each resource once. One that changes while it is read is in a later batch again. */
  readonly changes: readonly ResourceChange[];
  /** Whether everything is read from the beginning with this batch. Discard what you have. */
  readonly isBeginning: boolean;
  /** Store it together with the changes, and continue with it. Undefined while everything is read: an interruption starts again. */
  readonly since: string | undefined;
  /** Whether nothing else is known to have changed. The next batch follows after `pollMs`. */
  readonly isCurrent: boolean;
}

interface FollowChanges {
  readonly connectionId: string;
  /** Default: `athenahealth`. */
  readonly provider?: string;
  /** Default: all types. */
  readonly types?: readonly string[] | undefined;
  /** The `since` of the last batch. Undefined at first. */
  readonly since?: string | undefined;
  /** The number of changes in a batch. One with large resources has fewer. */
  readonly batchSize?: number;
  /** How long to wait before asking for new changes. Those of the last two minutes are listed again. */
  readonly pollMs?: number;
  /** How long to wait before the API is asked again after a connection broke. */
  readonly retryMs?: number;
  /** How long the API may be unavailable. The default is enough for an upgrade. */
  readonly giveUpAfterMs?: number;
}

/**
 * A batch ends when its lines have this many characters. A resource with attachments can have 16 MB, and a string of Node.js at most 2^29
 * characters, which a program that builds one statement from a batch would exceed.
 */
const maxBatchLength = 64 * 1024 * 1024;

/**
 * Follows the changes of a connection for ever, so that a copy can be kept current. Apply each batch and store its `since` in one
 * transaction.
 *
 *     for await (const { changes, isBeginning, since } of followChanges(api, { connectionId, since: await readSince() }))
 *       await apply({ changes, isBeginning, since });
 *
 * @throws ApiError `history-expired` if `since` is too old: leave `since` out to read everything again. `connection-purged` if everything
 * of the connection was erased: delete your copy
 */
export async function* followChanges(api: ApiClient, options: FollowChanges): AsyncGenerator<ChangeBatch, never> {
  const { pollMs = 60_000, retryMs = 2000, giveUpAfterMs = 5 * 60_000 } = options;
  let { since } = options;
  let giveUpAt = performance.now() + giveUpAfterMs;
  for (;;) {
    let isComplete = false;
    try {
      for await (const batch of readWindow(api, { ...options, since })) {
        yield batch;
        giveUpAt = performance.now() + giveUpAfterMs;
        ({ since } = batch);
        isComplete = batch.isCurrent;
      }
    } catch (error) {
      // fetch reports a connection that breaks in the middle of a response with a TypeError.
      const canRetry = error instanceof TypeError || isUnanswered(error);
      if (!canRetry || performance.now() >= giveUpAt) throw error;
    }
    await sleep(isComplete ? pollMs : retryMs);
    if (isComplete) giveUpAt = performance.now() + giveUpAfterMs;
  }
}

/** Reads what has changed until now. Its last batch is current unless the answer was cut off. */
async function* readWindow(api: ApiClient, options: FollowChanges): AsyncGenerator<ChangeBatch> {
  const { connectionId, provider = 'athenahealth', types, since, batchSize = 1000 } = options;
  const answer = await api.GET('/api/ehr/{provider}/resources/_history', {
    params: {
      path: { provider },
      query: {
        connectionId,
        ...(types === undefined ? {} : { _type: types.join(',') }),
        ...(since === undefined ? {} : { _since: since }),
      },
    },
    headers: { accept: 'application/fhir+ndjson' },
    parseAs: 'stream',
  });
  const until = answer.response.headers.get('x-history-until') ?? '';
  const lines = new CollectedLines({ isBeginning: since === undefined, batchSize });
  // Changes come in their order, so those of the second of the last one are the first ones that may be missing. From `until` on, others can
  // still be stored between those that were read.
  let reached = since;
  for await (const line of linesOf(answerOf(answer) as unknown as ReadableStream<Uint8Array>)) {
    const entry = JSON.parse(line) as HistoryLine;
    if ('meta' in entry) {
      yield lines.take({ since: entry.meta.lastUpdated, isCurrent: true });
      return;
    }
    const { lastModified } = entry.response;
    const isSettled = lastModified < until;
    // What follows can be what was read before.
    if (!isSettled && until !== '' && reached !== until) {
      if (!lines.isEmpty) yield lines.take({ since: reached, isCurrent: false });
      reached = until;
    }
    if (isSettled) reached &&= lastModified;
    lines.add(entry, line);
    if (lines.isFull) yield lines.take({ since: reached, isCurrent: false });
  }
  throw cutOff();
}

/** The changes of the next batch. */
class CollectedLines {
  readonly #batchSize: number;
  #isBeginning: boolean;
  #changes = new Map<string, ResourceChange>();
  #length = 0;

  constructor({ isBeginning, batchSize }: { readonly isBeginning: boolean; readonly batchSize: number }) {
    this.#isBeginning = isBeginning;
    this.#batchSize = batchSize;
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  get isFull(): boolean {
    return this.#changes.size >= this.#batchSize || this.#length >= maxBatchLength;
  }

  add(entry: ChangeLine, line: string): void {
    const change = toChange(entry, line);
    const key = `${change.type}/${change.id}`;
    // It is at the place of its last version.
    this.#changes.delete(key);
    this.#changes.set(key, change);
    this.#length += line.length;
  }

  take(position: Pick<ChangeBatch, 'since' | 'isCurrent'>): ChangeBatch {
    const batch = { changes: [...this.#changes.values()], isBeginning: this.#isBeginning, ...position };
    this.#changes = new Map();
    this.#length = 0;
    this.#isBeginning = false;
    return batch;
  }
}

function cutOff(): ApiError {
  const message = 'The API ended an answer before it was complete. Check the proxies in front of the API.';
  return new ApiError({ status: 0, code: 'no-answer', message });
}

interface ChangeLine {
  readonly resource?: object;
  readonly request: { readonly url: string };
  readonly response: { readonly lastModified: string };
}

type HistoryLine = ChangeLine | { readonly meta: { readonly lastUpdated: string } };

function toChange(entry: ChangeLine, line: string): ResourceChange {
  const [type = '', id = ''] = entry.request.url.split('/');
  if (entry.resource === undefined) return { type, id, json: undefined };
  // Parsing and writing it again would change the text of numbers such as 1.50. The API writes `request` after it.
  const start = line.indexOf('"resource":') + '"resource":'.length;
  return { type, id, json: line.slice(start, line.lastIndexOf(',"request":{')) };
}

/** The lines of NDJSON, without a last one that was cut off. `node:readline` would also split at U+2028, which JSON allows in a text. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (isComplete(rest)) yield rest;
}

/** A part of an object is not JSON. */
function isComplete(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
