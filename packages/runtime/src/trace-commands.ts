import type { Tracing } from './tracing.ts';

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
