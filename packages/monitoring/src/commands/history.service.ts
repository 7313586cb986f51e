import { keepFor } from '@bulkhead/base';
import type { History } from '../history/history.schema.ts';
import { historyKeptMs } from '../history/history-sample.repository.ts';
import { summarizeHistory } from '../history/summarize-history.ts';
import type { MonitoredStores } from '../stores.ts';

/** Samples change each minute, and all of them are a few MB. */
const keptMs = 60_000;

/** Reads how the deployment was doing in the last days. */
export function createHistoryService({ store }: { readonly store: MonitoredStores }) {
  const readSamples = keepFor(keptMs, () => store.historySamples.listSince(new Date(Date.now() - historyKeptMs)));
  return {
    /** @param days 1 to 30 */
    read: async (days: number): Promise<History> =>
      summarizeHistory({ samples: await readSamples(), days, now: new Date() }),
  };
}
