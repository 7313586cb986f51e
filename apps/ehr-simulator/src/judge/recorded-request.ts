/** A request as the judge saw it. Queries and tokens are left out: they hold patient ids, signatures and secrets. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly onFileHost: boolean;
  /** Monotonic, ms: subtract to get gaps. */
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined while it is being answered. */
  status?: number;
  /** On the wire, head included. */
  bytesSent?: number;
  durationMs?: number;
  /** Whether the whole answer went out. */
  complete?: boolean;
}
