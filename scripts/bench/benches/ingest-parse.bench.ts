import type { Bench } from '../bench.ts';
import { alternate, compare, perCpuSecond } from '../compare.ts';
import { startIngest } from '../systems/start-ingest.ts';

export const ingestParse: Bench = {
  name: 'ingest-parse',
  about:
    'download, gunzip, split, check, hash, keys and BSON without a database; floor: JSON.parse over texts in memory',
  minutes: 1,
  async run(context) {
    await using ingest = await startIngest(context);
    const megabytesPerSecond = ({ seconds }: { readonly seconds: number }) => ingest.megabytes / seconds;
    const parse = () => ingest.measure('parse');
    const measured = await alternate({ context, subject: parse, floor: () => ingest.measure('parse-floor') });
    const bySteps = await alternate({ context, subject: parse, floor: () => ingest.measure('steps-floor') });
    const steps = { subject: bySteps.floor, floor: measured.floor };
    const goal = { of: 'ratio', atLeast: 0.75 } as const;
    const perCpu = { read: perCpuSecond, unit: 'resources/CPU s' };
    const shown = { of: 'ratio' } as const;
    return [
      compare({ name: 'ingest-parse', measured, ...perCpu, goal }),
      compare({ name: 'ingest-parse, by time', measured, read: megabytesPerSecond, unit: 'MB/s', goal }),
      compare({ name: 'ingest-parse, of the bare steps', measured: bySteps, ...perCpu, goal: shown }),
      compare({ name: 'the bare steps themselves', measured: steps, ...perCpu, goal: shown }),
    ];
  },
};
