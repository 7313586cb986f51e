import { instantSchema, type View } from '@bulkhead/store';
import { z } from 'zod';

/** What a running export or sync does at the moment. */
export const runActivitySchema = z
  .strictObject({
    message: z.string().meta({ description: 'What it does or waits for, in one or two sentences.' }),
    until: instantSchema.exactOptional().meta({ description: 'When the next request is due.' }),
    usualSeconds: z
      .int()
      .exactOptional()
      .meta({ description: 'How long the last runs of this connection took: the median of up to five.' }),
  })
  .meta({ id: 'RunActivity', description: 'What a running export or sync does at the moment, or what it waits for.' });
export type RunActivity = View<typeof runActivitySchema>;

/** How long a median may be shown that changes with the end of a run, so at most once in minutes. */
export const usualKeptMs = 60_000;

export function toUsualSeconds(usualMs: number | undefined): number | undefined {
  return usualMs === undefined ? undefined : Math.round(usualMs / 1000);
}
