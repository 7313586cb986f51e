import type { Bench } from '../bench.ts';
import { alternate, compare, perSecond } from '../compare.ts';
import { startIngest } from '../systems/start-ingest.ts';

export const reingest: Bench = {
  name: 'reingest',
  about: 'the same unchanged files again; floor: the first time',
  minutes: 2,
  async run(context) {
    await using ingest = await startIngest(context);
    const measured = await alternate({
      context,
      subject: () => ingest.measure('store-again', 'store'),
      floor: () => ingest.measure('store'),
    });
    const writes = measured.subject.map(({ units, details }) => ({ value: units - (details.unchanged ?? 0) }));
    const goal = { of: 'ratio', atLeast: 2 } as const;
    return [
      compare({ name: 'reingest', measured, read: perSecond, unit: 'resources/s', goal }),
      {
        name: 'reingest, resources written',
        value: Math.max(...writes.map(({ value }) => value)),
        unit: 'resources',
        goal: { of: 'value', atMost: 0 },
        runs: writes,
      },
    ];
  },
};
