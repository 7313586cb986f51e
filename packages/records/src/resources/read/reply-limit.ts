import { resourceError } from '../errors.ts';

/**
 * How long a stream waits for one reply of the database. A selective search can read millions of resources between two matches, and nothing is
 * sent to the client meanwhile: load balancers close a connection that is silent for a minute, and the API and the driver of MongoDB after two.
 */
const defaultReplyTimeMs = 50_000;

/** Stops a stream, also in the database, if a reply takes too long. */
export class ReplyLimit {
  readonly #controller = new AbortController();
  readonly #timeMs: number;
  /** For the queries of the stream. */
  readonly signal: AbortSignal;

  constructor(options: { readonly signal?: AbortSignal | undefined; readonly replyTimeMs?: number | undefined }) {
    const { signal, replyTimeMs = defaultReplyTimeMs } = options;
    this.#timeMs = replyTimeMs;
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
  }

  /** @throws AppError `search-too-costly` */
  async wait<Reply>(reply: Promise<Reply>): Promise<Reply> {
    const timer = setTimeout(() => this.#controller.abort(resourceError('search-too-costly')), this.#timeMs);
    try {
      return await reply;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads documents one by one, and closes the cursor when the reader has enough. */
  async *read<Document>(cursor: Cursor<Document>): AsyncGenerator<Document> {
    try {
      for (let document = await this.wait(cursor.next()); document; document = await this.wait(cursor.next()))
        yield document;
    } finally {
      await cursor.close();
    }
  }
}

interface Cursor<Document> {
  readonly next: () => Promise<Document | null>;
  readonly close: () => Promise<void>;
}
