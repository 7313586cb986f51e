import { instantSchema, type ProviderReference, type Reader, type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type Retrying, retryingSchema } from './retrying.ts';

/** What a running export or sync does at the moment. */
export const runActivitySchema = z
  .strictObject({
    message: z.string().meta({ description: 'What it does or waits for, in one or two sentences.' }),
    until: instantSchema.exactOptional().meta({ description: 'When the next request is due.' }),
    usualSeconds: z
      .int()
      .exactOptional()
      .meta({ description: 'How long the last runs of this connection took: the median of up to five.' }),
    leftSeconds: z
      .int()
      .exactOptional()
      .describe(
        'The time left: of counted work at the current rate, otherwise of the usual time. Absent while nothing moves, because a guess would mislead.',
      ),
  })
  .meta({ id: 'RunActivity', description: 'What a running export or sync does at the moment, or what it waits for.' });
export type RunActivity = View<typeof runActivitySchema>;

/** How long a median may be shown that changes with the end of a run, so at most once in minutes. */
export const usualKeptMs = 60_000;

export function toUsualSeconds(usualMs: number | undefined): number | undefined {
  return usualMs === undefined ? undefined : Math.round(usualMs / 1000);
}

export { secondsLeft } from './seconds-left.ts';

/** Who reads the view. Only operators may see text that an EHR sent. */
export interface ViewFor extends Reader {
  /** Shows the whole link of a file that needs no token. By default its query is left out. */
  readonly withSignedUrls?: boolean | undefined;
}

export const retryingViewSchema = z
  .strictObject(
    viewShapeOf(retryingSchema, ['state', 'code', 'message', 'ehrText', 'attempts', 'since', 'nextAttemptAt']),
  )
  .meta({ id: 'Retrying', description: 'Why work waits or is retried, and when the next attempt is due.' });

export function toRetryingView(retrying: Retrying, { isOperator }: ViewFor): View<typeof retryingViewSchema> {
  return viewOf(retryingViewSchema, { ...retrying, ehrText: isOperator ? retrying.ehrText : undefined });
}

/** The fields of the events of exports and syncs that a view shows. */
export const runEventFields = ['at', 'code', 'message', 'ehrText', 'attempts', 'nextAttemptAt', 'by'] as const;

/** The clocks of clients and this server differ. An instant that is further ahead than this is a mistake. */
const clockToleranceMs = 60_000;

/** A FHIR instant that is not in the future. */
export const sinceInstantSchema = z.iso
  .datetime({ offset: true, error: 'must be a timestamp with a time zone, such as 2024-01-01T00:00:00Z' })
  .refine((since) => !isAhead(since), 'is in the future');

export function isAhead(since: string): boolean {
  return Date.parse(since) > Date.now() + clockToleranceMs;
}

/** A request to change an export or a sync. */
export interface RunCommand extends ProviderReference {
  /** Who has asked for it: the name of an API key. */
  readonly by?: string | undefined;
}

/** A pause that an EHR has asked for. */
export interface RequestPause {
  readonly until: Date;
  /** What the EHR answered, such as `429 Too Many Requests`. */
  readonly reason: string;
}

export function describePause({ reason }: RequestPause): string {
  return `The EHR returned "${reason}", so no request of this connection is sent until the pause ends. Connections with the same request budget wait too.`;
}
