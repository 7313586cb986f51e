import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { connectRedis, createConsumer, createProducer, type Handlers } from '@bulkhead/queues';
import type { Bench } from '../bench.ts';
import { median } from '../report/median.ts';

const largeExport = 5000;
const smallExport = 10;
/** The number of parallel downloads of a worker process, from the catalog of queues. */
const atATime = 4;
/**
 * A round is one file of each connection. The downloads that run when the small export arrives, and beside its last
 * file, are added.
 */
const fairShare = smallExport + 2 * atATime;

export const fairTurns: Bench = {
  name: 'fair-turns',
  about: `downloads of an export of ${largeExport} files that run before another connection's ${smallExport} files are done; without turns: all`,
  minutes: 1,
  async run({ redisUrl, runs, print }) {
    const values: number[] = [];
    for (let run = 0; run < runs; run++) {
      values.push(await countOthers(redisUrl));
      print(`${values.at(-1)} files of the large export were downloaded first`);
    }
    return [
      {
        name: 'fair-turns, files of others first',
        value: median(values),
        unit: 'files',
        goal: { of: 'value', atMost: fairShare },
        runs: values.map((value) => ({ value })),
      },
    ];
  },
};

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function countOthers(redisUrl: string): Promise<number> {
  const redis = connectRedis({ url: redisUrl, waiting: true, onError: () => undefined });
  const prefix = `{${randomBytes(4).toString('hex')}}`;
  const producer = createProducer({ redis, prefix, onError: () => undefined });
  const order: string[] = [];
  let isSmallDone = false;
  const download: Handlers<undefined>['file.download'] = {
    run: async (_deps, { fileId }) => {
      // As long as the download of a small file.
      await setTimeout(1);
      order.push(fileId);
    },
  };
  const finalize: Handlers<undefined>['export.finalize'] = {
    run: async (_deps, { exportId }) => {
      isSmallDone ||= exportId === 'small';
    },
  };
  const consumer = createConsumer({
    redis,
    prefix,
    queues: ['file-download', 'bulk-export'],
    handlers: { 'file.download': download, 'export.finalize': finalize } as unknown as Handlers<undefined>,
    deps: undefined,
    logger: silent,
  });
  try {
    await producer.addExportFlow({ exportId: 'large', fileIds: idsOf('large', largeExport) });
    consumer.start();
    while (order.length < atATime * 10) await setTimeout(5);
    const before = order.length;
    await producer.addExportFlow({ exportId: 'small', fileIds: idsOf('small', smallExport) });
    while (!isSmallDone) await setTimeout(5);
    const last = order.findLastIndex((fileId) => fileId.startsWith('small'));
    return last + 1 - before - smallExport;
  } finally {
    await consumer.stop();
    await producer.close();
    redis.disconnect();
  }
}

function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}.${index}`);
}
