import type { components } from '@bulkhead/client';
import { toErrorText, toWarningText } from './coded-text.ts';

type Schemas = components['schemas'];
/** The event of an export or of a sync. */
type RunEvent = Pick<
  Schemas['ExportEvent'],
  'at' | 'message' | 'code' | 'ehrText' | 'nextAttemptAt' | 'by' | 'resourceType'
> & {
  readonly kind: string;
  readonly count?: number;
};

/** The columns of the log of an export or of a sync. */
export const eventColumns = {
  at: ({ at }: RunEvent) => at,
  event: (event: RunEvent) => {
    const { resourceType, count = 1 } = event;
    const type = resourceType === undefined ? '' : `${resourceType}: `;
    return `${type}${toEventText(event)}${count > 1 ? ` (${count} searches)` : ''}`;
  },
  'text of the EHR': ({ ehrText }: RunEvent) => ehrText,
  'next attempt': ({ nextAttemptAt }: RunEvent) => nextAttemptAt,
  by: ({ by }: RunEvent) => by,
};

export const noEvents = 'No events.';

function toEventText({ kind, code, message }: RunEvent): string {
  if (code === undefined) return message;
  return (kind === 'warning' ? toWarningText : toErrorText)({ code, message });
}
