import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { downloadJob, finalizeJob } from '@bulkhead/imports/export/jobs';
import { finalizeSyncJob, syncStepJob } from '@bulkhead/imports/sync/jobs';
import { type AnyWork, connectRedis, createConsumer, Producer, type QueueName } from '@bulkhead/queues';
import type { Bench, BenchContext } from '../bench.ts';
import { medianRow } from '../compare.ts';
import { median } from '../report/median.ts';

const largeExport = 5000;
const smallExport = 10;
/** The number of parallel downloads of a worker process, see queue-names.ts. */
const atATime = 4;
/**
 * A round is one file of each connection. The downloads that run when the small export arrives, and beside its last
 * file, are added.
 */
const fairShare = smallExport + 2 * atATime;

export const fairTurns: Bench = {
  name: 'fair-turns',
  about: `downloads of an export of ${largeExport} files that run before another connection's ${smallExport} files are done; syncs of 19 connections beside a large one`,
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
      await compareSyncs({ redisUrl, runs, print }),
    ];
  },
};

const smallSyncs = 19;
const patients = { small: 10, large: 2000 } as const;
const requestsOfPatient = 10;

/** 19 syncs of ten patients, alone and beside a sync that began before them, in a budget that gives one request each millisecond. */
async function compareSyncs({ redisUrl, runs, print }: Pick<BenchContext, 'redisUrl' | 'runs' | 'print'>) {
  const measured: { readonly value: number; readonly floor: number }[] = [];
  for (let run = 0; run < runs; run++) {
    const floor = await syncSeconds(redisUrl, { besideLarge: false });
    measured.push({ floor, value: await syncSeconds(redisUrl, { besideLarge: true }) });
    print(`${measured.at(-1)?.value} s beside a large sync, ${floor} s alone`);
  }
  const name = 'fair-turns, 19 small syncs beside a large one';
  return medianRow({ name, unit: 's', goal: { of: 'ratio', atMost: 2 }, runs: measured });
}

/** @returns how long all small syncs take, from their start */
async function syncSeconds(redisUrl: string, { besideLarge }: { readonly besideLarge: boolean }): Promise<number> {
  let budget = Promise.resolve();
  let open = smallSyncs * patients.small;
  let begun = 0;
  const step: AnyWork<object> = {
    ...syncStepJob,
    ...givesUpNothing,
    run: async (_deps, { stepId }: { readonly stepId: string }) => {
      begun += 1;
      for (let request = 0; request < requestsOfPatient; request++) {
        budget = budget.then(() => setTimeout(1));
        await budget;
      }
      if (stepId.startsWith('small')) open -= 1;
    },
  };
  const finalize: AnyWork<object> = { ...finalizeSyncJob, ...givesUpNothing, run: async () => undefined };
  await using queues = openQueues({
    redisUrl,
    names: ['sync'],
    jobs: [step, finalize],
  });
  if (besideLarge) await queues.producer.addFlow(flowOfSync('large', patients.large));
  queues.consumer.start();
  while (besideLarge && begun < 20) await setTimeout(5);
  const startedAt = performance.now();
  for (let index = 0; index < smallSyncs; index++) {
    const syncRunId = `small${index}`;
    await queues.producer.addFlow(flowOfSync(syncRunId, patients.small));
  }
  while (open > 0) await setTimeout(5);
  return (performance.now() - startedAt) / 1000;
}

/** The records of these jobs do not exist. */
const givesUpNothing = { onFinalFailure: async () => undefined };

function flowOfSync(syncRunId: string, steps: number) {
  const payloads = idsOf(syncRunId, steps).map((stepId) => ({ syncRunId, stepId }));
  return { parent: { job: finalizeSyncJob, payload: { syncRunId } }, children: { job: syncStepJob, payloads } };
}

function flowOfExport(exportId: string, fileIds: readonly string[]) {
  const payloads = fileIds.map((fileId) => ({ exportId, fileId }));
  return { parent: { job: finalizeJob, payload: { exportId } }, children: { job: downloadJob, payloads } };
}

function openQueues(options: {
  readonly redisUrl: string;
  readonly names: readonly QueueName[];
  readonly jobs: readonly AnyWork<object>[];
}) {
  const { redisUrl, names, jobs } = options;
  const redis = connectRedis({ url: redisUrl, waiting: true, onError: () => undefined });
  const prefix = `{${randomBytes(4).toString('hex')}}`;
  const producer = new Producer({ redis, prefix, onError: () => undefined });
  const consumer = createConsumer({
    redis,
    prefix,
    queues: names,
    jobs,
    deps: {},
    logger: silent,
  });
  return {
    producer,
    consumer,
    async [Symbol.asyncDispose]() {
      await consumer.stop();
      await producer.close();
      redis.disconnect();
    },
  };
}

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function countOthers(redisUrl: string): Promise<number> {
  const order: string[] = [];
  let isSmallDone = false;
  const download: AnyWork<object> = {
    ...downloadJob,
    ...givesUpNothing,
    run: async (_deps, { fileId }: { readonly fileId: string }) => {
      // As long as the download of a small file.
      await setTimeout(1);
      order.push(fileId);
    },
  };
  const finalize: AnyWork<object> = {
    ...finalizeJob,
    ...givesUpNothing,
    run: async (_deps, { exportId }: { readonly exportId: string }) => {
      isSmallDone ||= exportId === 'small';
    },
  };
  const jobs = [download, finalize];
  await using queues = openQueues({ redisUrl, names: ['file-download', 'bulk-export'], jobs });
  await queues.producer.addFlow(flowOfExport('large', idsOf('large', largeExport)));
  queues.consumer.start();
  while (order.length < atATime * 10) await setTimeout(5);
  const before = order.length;
  await queues.producer.addFlow(flowOfExport('small', idsOf('small', smallExport)));
  while (!isSmallDone) await setTimeout(5);
  const last = order.findLastIndex((fileId) => fileId.startsWith('small'));
  return last + 1 - before - smallExport;
}

function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}.${index}`);
}
