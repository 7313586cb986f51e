import { randomBytes } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { alternate, compare } from '../compare.ts';
import { makeData } from '../make-data.ts';
import { serveFiles } from '../serve-files.ts';
import { splitFiles } from '../split-files.ts';
import { startWorkerProbe } from '../start-worker-probe.ts';

const linesPerFile = 2;

export const tinyFiles: Bench = {
  name: 'tiny-files',
  about:
    'an export of 5,000 files of 2 lines, one worker, no limit of requests; floor: bare GETs by the same HTTP client',
  minutes: 3,
  async run(context) {
    const { redisUrl, mongodbUrl, folder, size } = context;
    const wanted = size === 'short' ? 500 : 5000;
    const files = splitFiles({ files: await makeData({ folder, patients: wanted / 10 }), lines: linesPerFile });
    const server = await serveFiles(files.slice(0, wanted));
    const database = `tiny-${randomBytes(4).toString('hex')}`;
    const shared = { entry: 'worker', redisUrl, mongodbUrl, database, origin: server.origin };
    const [worker, getter] = [await startWorkerProbe(shared), await startWorkerProbe(shared)];
    try {
      await worker.measure('work', ['file-download']);
      const measured = await alternate({
        context,
        subject: () => worker.measure('export', server.files),
        floor: () => getter.measure('bare-gets', server.files),
      });
      const read = ({ units, seconds, details }: (typeof measured.subject)[number]) =>
        (details.files ?? units) / seconds;
      return [
        compare({ name: 'tiny-files', measured, read, unit: 'files/s', goal: { of: 'ratio', atLeast: 0.5 } }),
        compare({ name: 'tiny-files, a second', measured, read, unit: 'files/s', goal: { of: 'value', atLeast: 500 } }),
      ];
    } finally {
      await Promise.all([worker.stop(), getter.stop()]);
      await server.stop();
    }
  },
};
