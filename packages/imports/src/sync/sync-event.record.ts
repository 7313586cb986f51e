import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';
import { runEventShape } from '../runs/index.ts';
import { syncRunPhases } from './sync-run-phase.ts';

/** Something that happened to a sync. */
export const syncEventSchema = z
  .strictObject({
    ...runEventShape,
    kind: z.enum(['phase', 'search-waiting', 'search-failed']).meta({
      description:
        '`phase`: the sync entered `phase`. `search-waiting`: a request of a search failed or the EHR asked for a pause, and it is sent again. `search-failed`: a search failed for good.',
    }),
    phase: z.enum(syncRunPhases).exactOptional().meta({ description: 'The phase that the sync entered.' }),
    resourceType: z.string().exactOptional().meta({ description: 'The type that was searched.' }),
    count: countSchema.exactOptional().meta({
      description:
        'How many searches of the type had this event. They share one event, because a sync has thousands of searches.',
    }),
    lastAt: z.date().exactOptional().meta({ description: 'When the last of these searches had it.' }),
  })
  .meta({ id: 'SyncEvent', description: 'Something that happened to a sync.' });
export type SyncEvent = Immutable<z.output<typeof syncEventSchema>>;
export interface NewSearchEvent extends Pick<SyncEvent, 'code' | 'message' | 'ehrText' | 'attempts' | 'nextAttemptAt'> {
  readonly kind: 'search-waiting' | 'search-failed';
  readonly resourceType: string;
}
