import type { Bench } from '../bench.ts';
import { alternate, compare, perSecond } from '../compare.ts';
import { startIngest } from '../systems/start-ingest.ts';

export const ingestStore: Bench = {
  name: 'ingest-store',
  about:
    "whole file.download jobs into MongoDB; floor: the bare driver's bulkWrite of the same documents, already parsed",
  minutes: 2,
  async run(context) {
    const ingest = await startIngest(context);
    try {
      const measured = await alternate({
        context,
        subject: () => ingest.measure('store'),
        floor: () => ingest.measure('store-floor'),
      });
      const goal = { of: 'ratio', atLeast: 0.9 } as const;
      return [compare({ name: 'ingest-store', measured, read: perSecond, unit: 'resources/s', goal })];
    } finally {
      await ingest.stop();
    }
  },
};
