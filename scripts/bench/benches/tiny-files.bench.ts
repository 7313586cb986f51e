import type { Bench } from '../bench.ts';
import { alternate, compare } from '../compare.ts';
import { makeData, splitFiles } from '../systems/make-data.ts';
import { serveFiles } from '../systems/serve-files.ts';
import { type Measurement, startWorkerProbe } from '../systems/start-worker-probe.ts';

const linesPerFile = 2;

export const tinyFiles: Bench = {
  name: 'tiny-files',
  about:
    'an export of 5,000 files of 2 lines, one worker, no limit of requests; floor: bare GETs by the same HTTP client',
  minutes: 4,
  async run(context) {
    const { folder, size } = context;
    const fileCount = size === 'short' ? 500 : 5000;
    const files = splitFiles(await makeData(folder, fileCount / 10), linesPerFile);
    await using server = await serveFiles(files.slice(0, fileCount));
    const start = () => startWorkerProbe(context, { entry: 'worker', origin: server.origin });
    await using worker = await start();
    await using bare = await start();
    await using getter = await start();
    await worker.measure('work', ['file-download']);
    await bare.measure('bare-work');
    const floor = () => getter.measure('bare-gets', server.files);
    const measured = await alternate({ context, subject: () => worker.measure('export', server.files), floor });
    const measuredBare = await alternate({ context, subject: () => bare.measure('export', server.files), floor });
    const shared = { measured, read: filesPerSecond, unit: 'files/s' };
    return [
      compare({ ...shared, name: 'tiny-files', goal: { of: 'ratio', atLeast: 0.5 } }),
      compare({ ...shared, name: 'tiny-files, a second', goal: { of: 'value', atLeast: 500 } }),
      compare({ ...shared, measured: measuredBare, name: 'the bare work itself', goal: { of: 'ratio' } }),
    ];
  },
};

function filesPerSecond({ units, seconds, details }: Measurement): number {
  return (details.files ?? units) / seconds;
}
