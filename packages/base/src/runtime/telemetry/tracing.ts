/**
 * Traces show which request or job led to which, across processes, and how long each part took. Requests to the API, requests to
 * EHRs and jobs run inside spans (`span`). MongoDB commands are reported by events of the driver (`begin`). A job contains the
 * `traceparent` of the span that enqueued it. Without a collector, `startTracing` returns `noTracing`, which does nothing.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** One of a few names, without ids, addresses or values. */
  readonly name: string;
  /** `server` and `consumer` handle a request or a job. `client` sends a request. */
  readonly kind: 'server' | 'client' | 'consumer';
  /** No patient ids, no addresses with their path or query, no statements. */
  readonly attributes?: SpanAttributes;
  /** The W3C `traceparent` of a span in another process. The default is the active span of this process. */
  readonly parent?: string | undefined;
  /** The W3C `traceparent` of the span that caused this one, if this one begins its own trace. */
  readonly link?: string | undefined;
}

export interface OpenSpan {
  set(attributes: SpanAttributes): void;
  /** @param failure a code, never a message */
  end(failure?: string): void;
}

export interface Tracing {
  /** If false, nothing is recorded and `span` only runs its work. */
  readonly isOn: boolean;
  /** Runs `work` in a span, which fails if the work fails. */
  span<Result>(options: SpanOptions, work: (span: Pick<OpenSpan, 'set'>) => Promise<Result>): Promise<Result>;
  /** Starts a span for work that is reported by events. The caller has to end it. */
  begin(options: SpanOptions): OpenSpan;
  /** The `traceparent` of the active span, to be sent to another process. Undefined outside of a span. */
  traceparent(): string | undefined;
  /** Sends the remaining spans. */
  stop(): Promise<void>;
}

const nothing = () => undefined;
const noSpan: OpenSpan = { set: nothing, end: nothing };

export const noTracing: Tracing = {
  isOn: false,
  span: (_options, work) => work(noSpan),
  begin: () => noSpan,
  traceparent: nothing,
  stop: async () => undefined,
};

/** Reports the start of a database command. It returns a function that reports the end. */
export type TraceCommand = (command: {
  readonly name: string;
  readonly collection: string | undefined;
}) => ((failure?: string) => void) | undefined;

/**
 * Makes a span for each MongoDB command that is part of a request or a job. Commands of health checks and timers are left out,
 * because each would be a trace with one span.
 * @returns undefined without a collector, so that the driver need not report its commands
 */
export function traceCommands(tracing: Tracing): TraceCommand | undefined {
  if (!tracing.isOn) return undefined;
  return ({ name, collection }) => {
    if (tracing.traceparent() === undefined) return undefined;
    const span = tracing.begin({
      name: collection === undefined ? name : `${name} ${collection}`,
      kind: 'client',
      attributes: {
        'db.system.name': 'mongodb',
        'db.operation.name': name,
        ...(collection === undefined ? {} : { 'db.collection.name': collection }),
      },
    });
    return (failure) => span.end(failure);
  };
}
