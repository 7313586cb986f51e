import { keepForKey } from '@bulkhead/base';
import type { History } from '../history/history.schema.ts';
import { summarizeHistory } from '../history/summarize-history.ts';
import type { MonitoredStores } from '../monitoring.feature.ts';

/** Samples change each minute. */
const keptMs = 60_000;
const dayMs = 24 * 60 * 60_000;

/** Reads how the deployment was doing in the last days. */
export class HistoryService {
  readonly #readSamples;

  constructor({ store }: { readonly store: MonitoredStores }) {
    this.#readSamples = keepForKey(keptMs, (days) =>
      store.historySamples.listSince(new Date(Date.now() - Number(days) * dayMs)),
    );
  }

  /** @param days 1 to 30 */
  async read(days: number): Promise<History> {
    return summarizeHistory({ samples: await this.#readSamples(String(days)), days, now: new Date() });
  }
}
