export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** One of few: no id, address or value in it. */
  readonly name: string;
  /** `server` and `consumer` answer somebody, `client` asks somebody. */
  readonly kind: 'server' | 'client' | 'consumer';
  /** No ids of patients, no addresses with their path or query, no statements. */
  readonly attributes?: SpanAttributes;
  /** The W3C `traceparent` of a span in another process. Left out: the span that is under way here. */
  readonly parent?: string | undefined;
  /** The W3C `traceparent` of a span that this one comes of, in a trace of its own. */
  readonly link?: string | undefined;
}

export interface OpenSpan {
  set(attributes: SpanAttributes): void;
  /** @param failure a code, never a message. */
  end(failure?: string): void;
}

/** What has led to what, and how long each part took, across processes. */
export interface Tracing {
  /** False: nothing is recorded, and `span` only runs its work. */
  readonly isOn: boolean;
  /** Runs `work` within a span, which fails with it. */
  span<Result>(options: SpanOptions, work: (span: Pick<OpenSpan, 'set'>) => Promise<Result>): Promise<Result>;
  /** A span for what is told of by events; somebody has to end it. */
  begin(options: SpanOptions): OpenSpan;
  /** Of the span that is under way, to be carried to another process; undefined outside of any. */
  traceparent(): string | undefined;
  /** Sends what is left. */
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

/** A command to the database; what it gives back is told how it ended. */
export type TraceCommand = (command: {
  readonly name: string;
  readonly collection: string | undefined;
}) => ((failure?: string) => void) | undefined;

/**
 * A span for each command to MongoDB that is part of something: what runs by itself (health checks, timers) would only be
 * traces of one span. @returns undefined where nothing is traced, so that the driver need not tell of its commands.
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
