import type { components } from '@bulkhead/client';
import { toErrorText } from './coded-text.ts';

type Schemas = components['schemas'];
/** The event of an export or of a sync. */
type RunEvent = Pick<
  Schemas['ExportEvent'],
  'at' | 'message' | 'code' | 'ehrText' | 'nextAttemptAt' | 'by' | 'resourceType'
> & {
  readonly count?: number;
};

/** The columns of the log of an export or of a sync. */
export const eventColumns = {
  at: ({ at }: RunEvent) => at,
  event: ({ code, message, resourceType, count = 1 }: RunEvent) =>
    `${resourceType === undefined ? '' : `${resourceType}: `}${code === undefined ? message : toErrorText({ code, message })}${count > 1 ? ` (${count} searches)` : ''}`,
  'text of the EHR': ({ ehrText }: RunEvent) => ehrText,
  'next attempt': ({ nextAttemptAt }: RunEvent) => nextAttemptAt,
  by: ({ by }: RunEvent) => by,
};

export const noEvents = 'No events. Earlier versions kept none.';
