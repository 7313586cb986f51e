/**
 * An answer as a value. Handlers return one and `sendReply` sends it, so that a fault can change any answer on its way
 * without a handler knowing.
 */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON document; it stays a value until it is sent. Excludes `body`. */
  readonly document?: unknown;
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** Compress the body on the wire. */
  readonly gzip?: boolean;
  /** How the end of the body is told, where it is not as the headers want it. */
  readonly framing?: 'content-length' | 'chunked' | 'close';
}
