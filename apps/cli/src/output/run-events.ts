import type { components } from '@bulkhead/client';

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
  event: ({ message, resourceType, count = 1 }: RunEvent) =>
    `${resourceType === undefined ? '' : `${resourceType}: `}${message}${count > 1 ? ` (${count} searches)` : ''}`,
  code: ({ code }: RunEvent) => code,
  'text of the EHR': ({ ehrText }: RunEvent) => ehrText,
  'next attempt': ({ nextAttemptAt }: RunEvent) => nextAttemptAt,
  by: ({ by }: RunEvent) => by,
};

export const noEvents = 'No events. Earlier versions kept none.';
