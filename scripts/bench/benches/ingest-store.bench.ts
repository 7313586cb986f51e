import type { Bench } from '../bench.ts';
import { alternate, compare, perCpuSecond, perSecond } from '../compare.ts';
import { startIngest } from '../systems/start-ingest.ts';

export const ingestStore: Bench = {
  name: 'ingest-store',
  about:
    "whole file.download jobs into MongoDB; floor: the bare driver's bulkWrite of the same documents, already parsed",
  minutes: 2,
  async run(context) {
    await using ingest = await startIngest(context);
    const measured = await alternate({
      context,
      subject: () => ingest.measure('store'),
      floor: () => ingest.measure('store-floor'),
    });
    const goal = { of: 'ratio', atLeast: 1 } as const;
    return [
      compare({ name: 'ingest-store', measured, read: perSecond, unit: 'resources/s', goal }),
      compare({
        name: 'ingest-store, by CPU time of the process',
        measured,
        read: perCpuSecond,
        unit: 'resources/CPU s',
        // The floor does not download, unpack, check and compare anything.
        goal: { of: 'ratio' },
      }),
    ];
  },
};
