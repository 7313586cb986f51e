import type { ExportError, Immutable } from '@bulkhead/base';
import { countSchema, ehrTextSchema, mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

/** The fields that the events of exports and of syncs share. Such a log answers why a run is slow or why it failed, also after its end. */
export const runEventShape = {
  at: z.date().meta({ description: 'When it happened, by the clock of the process that stored it.' }),
  code: z.string().exactOptional().meta({ description: 'The code of the error or the warning.' }),
  message: mayNamePatient(z.string())
    .exactOptional()
    .meta({ description: 'What the code means here, and what to do.' }),
  ehrText: ehrTextSchema,
  attempts: countSchema.exactOptional().meta({ description: 'Failures or waits in a row.' }),
  nextAttemptAt: z.date().exactOptional().meta({ description: 'When the request is sent again.' }),
  by: z.string().exactOptional().meta({ description: 'Who asked for it: the name of an API key.' }),
};
const runEventSchema = z.strictObject(runEventShape);
type RunEvent = Immutable<z.output<typeof runEventSchema>>;

/**
 * The most events that a run keeps, for itself and for its parts. A thousand failed files then do not push out the kick-off, and a record
 * stays below 100 kB.
 */
const maxEvents = 200;

/** The operand of a `$push` that adds events and keeps the last `maxEvents`. */
export function lastEvents<Event extends Omit<RunEvent, 'at'>>(...events: readonly Event[]) {
  return { $each: events.map((event) => ({ at: new Date(), ...event })), $slice: -maxEvents };
}

/** The event that a run entered a phase. @param options.by who has asked for it */
export function phaseEvent<Phase extends string>(options: {
  readonly phase: Phase;
  readonly by?: string | undefined;
  readonly error?: ExportError | undefined;
}) {
  const { phase, by, error } = options;
  return { kind: 'phase' as const, phase, ...(by === undefined ? {} : { by }), ...error };
}

export function byTime<Event extends RunEvent>(events: readonly Event[]): Event[] {
  return events.toSorted((left, right) => left.at.getTime() - right.at.getTime());
}
