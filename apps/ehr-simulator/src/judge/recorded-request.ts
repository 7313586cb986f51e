/** A request as the judge saw it. Values of queries and tokens are left out: they hold patient ids, signatures, secrets. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly onFileHost: boolean;
  /** Monotonic, ms: subtract to get gaps. */
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a token or a secret was sent. */
  readonly authorized: boolean;
  /** Names, of the query or of a kick-off's Parameters resource; the latter once it was read. */
  parameters: readonly string[];
  /** Undefined while it is being answered. */
  status?: number;
  /** On the wire, head included. */
  bytesSent?: number;
  durationMs?: number;
  /** Whether the whole answer went out. */
  complete?: boolean;
}
