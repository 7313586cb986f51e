import type { ExportView } from '@bulkhead/imports/export/commands';
import { createApiClient } from '../../system/api-client.ts';
import { pollUntil } from '../../system/poll-until.ts';
import type { TestSystem } from '../../test-system/start-test-system.ts';

/** A request to an API that is being killed may hang. It must not use up the time of the round. */
const answerTimeoutMs = 10_000;
const intervalMs = 100;

/** @returns the export at its end; undefined if it does not end in time */
export function followExport(options: {
  readonly system: TestSystem;
  readonly exportId: string;
  readonly timeoutMs: number;
}): Promise<ExportView | undefined> {
  const { system, exportId, timeoutMs } = options;
  const call = createApiClient({ ...system, timeoutMs: answerTimeoutMs });
  return pollUntil(
    async () => {
      const view = await call<ExportView>('GET', `/api/ehr/athenahealth/bulk-export/${exportId}`);
      return view.status === 'IN_PROGRESS' ? undefined : view;
    },
    { timeoutMs, intervalMs },
  );
}
