import { work } from '@bulkhead/queues';
import { notifyJob } from '../jobs.ts';
import { createDeliveries } from './create-deliveries.ts';
import type { WebhookDeps } from './deliver-webhook.job.ts';
import type { EndedRuns } from './ended-runs.ts';

/** Creates the webhook deliveries that are due after the end of a run. Does nothing if they exist. */
export const notifyWork = work(notifyJob, { run: notify });

async function notify(
  deps: Pick<
    WebhookDeps<'connections' | 'webhookDeliveries'>,
    'store' | 'producer' | 'peopleTextOf' | 'now' | 'endedRuns'
  >,
  ended: { readonly kind: EndedRuns['kind']; readonly id: string },
): Promise<void> {
  const runs = deps.endedRuns.find(({ kind }) => kind === ended.kind);
  const run = await runs?.find(ended.id);
  if (!runs || !run) return;
  const { id, version, connectionId, callbackUrl, scheduleId, error, completedAt: at = deps.now(), type } = run;
  const event = {
    // A retried export ends again, with a higher version.
    id: `${id}.${version}`,
    connectionId,
    type,
    at,
    data: {
      id,
      connectionId,
      ...(scheduleId === undefined ? {} : { scheduleId }),
      ...run.data,
      ...(error === undefined ? {} : { errorCode: error.code }),
    },
  };
  await createDeliveries(deps, { event, callbackUrl });
  await runs.markNotified(run);
}
