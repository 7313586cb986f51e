import { downloadJob, finalizeJob, kickOffJob, pollJob } from '@bulkhead/imports/export/jobs';
import { planSyncJob } from '@bulkhead/imports/sync/jobs';
import { anyPhase } from '@bulkhead/testing';
// Started by scripts/bench. Runs jobs as a worker does, but without a limit of requests.

import { setTimeout as delay } from 'node:timers/promises';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { isSyncActive } from '@bulkhead/imports/sync';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { createConsumer, type QueueName, work } from '@bulkhead/queues';
import { works } from '../src/works.ts';
import { forgetTypes } from './forget-types.ts';
import { openBench } from './open-bench.ts';
import { serveProbe } from './serve-probe.ts';

interface ServedFile {
  readonly type: string;
  readonly url: string;
  readonly count: number;
}

const { deps, connection, client, redis, prefix } = await openBench();
const { store, producer, logger } = deps;
let exports = 0;

serveProbe({
  /** Processes jobs until the process ends. */
  work: async (queues: readonly QueueName[]) => async () => {
    createConsumer({ redis, prefix, queues, jobs: works, deps, logger }).start();
    return { units: 0 };
  },

  /** Imports the files of one export for the first time, from the records and the flow of jobs to the last job. */
  export: async (files: readonly ServedFile[]) => {
    await forgetTypes({ client, store, types: files.map(({ type }) => type) });
    const { exportId, order } = await makeExport(files);
    return async () => {
      await order();
      while ((await producer.countWaiting('file-download')) > 0) await delay(20);
      const { stored, filesCompleted } = await store.outputFiles.sum(exportId);
      return { units: stored, details: { files: filesCompleted } };
    };
  },

  /** Adds the same records and jobs without waiting for the downloads. */
  order: async (files: readonly ServedFile[]) => {
    const { order } = await makeExport(files);
    return async () => {
      await order();
      return { units: files.length };
    };
  },

  /** Kicks off exports without an EHR, for benchmarks that measure only the kick-off. */
  'kick-off': async () => async () => {
    const kickOff = work(kickOffJob, {
      run: async (_deps: unknown, { exportId }) => {
        const record = await store.bulkExports.find(exportId);
        const change = { statusUrl: `${connection.fhirEndpoint}/bulkstatus/${exportId}`, kickedOffAt: new Date() };
        const started =
          record && (await store.bulkExports.transition({ from: anyPhase(record), to: 'kicking-off', change: {} }));
        if (started) await store.bulkExports.transition({ from: started, to: 'exporting', change });
      },
    });
    createConsumer({ redis, prefix, queues: ['bulk-export'], jobs: [kickOff], deps, logger }).start();
    return { units: 0 };
  },

  /** A whole export of all patients, from its kick-off to the discard at the EHR. */
  'whole-export': async () => {
    const request = { exportType: 'Patient' as const, resourceTypes: [] };
    const record = makeBulkExport({ connectionId: connection.id, request, createdAt: new Date() });
    await store.bulkExports.insert({ record, requestKey: record.id });
    return async () => {
      await producer.enqueue(kickOffJob, { exportId: record.id });
      let current = await store.bulkExports.find(record.id);
      for (; current && current.discard !== 'done'; current = await store.bulkExports.find(record.id)) await delay(20);
      return { units: current?.counts.stored ?? 0, details: { polls: current?.pollCount ?? 0 } };
    };
  },

  /** A whole enhanced sync of these patients. */
  sync: async (patients: readonly string[]) => {
    const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients };
    const run = makeSyncRun({ connectionId: connection.id, request, createdAt: new Date() });
    await store.syncRuns.insert(run);
    return async () => {
      await producer.enqueue(planSyncJob, { syncRunId: run.id });
      let record = await store.syncRuns.find(run.id);
      for (; record && isSyncActive(record); record = await store.syncRuns.find(run.id)) await delay(20);
      const counts = await store.syncSteps.sumByType(run.id);
      const sum = (read: (count: (typeof counts)[number]) => number) =>
        counts.reduce((total, count) => total + read(count), 0);
      const types = record?.types.filter((type) => type !== 'Patient').length ?? 0;
      const furtherPages = sum(({ pages, searches }) => Math.max(pages - searches, 0));
      return {
        units: sum(({ stored }) => stored),
        details: { types, furtherPages, failed: sum(({ failed }) => failed) },
      };
    };
  },

  /** Stores `count` exports that the EHR works on, and schedules their polls. */
  'fly-exports': async (count: number) => async () => {
    const { pollIntervalMs: everyMs } = deps;
    for (let index = 0; index < count; index++) {
      const statusUrl = `${connection.fhirEndpoint}/bulkstatus/${index}`;
      const record = makeBulkExport({
        connectionId: connection.id,
        phase: 'exporting' as const,
        statusUrl,
        createdAt: new Date(),
      });
      await store.bulkExports.insert({ record, requestKey: record.id });
      // Spread over the interval, because real exports start at different times.
      const startAt = new Date(Date.now() + everyMs + (everyMs * index) / count);
      await producer.schedule({ job: pollJob, payload: { exportId: record.id }, everyMs, startAt });
    }
    return { units: count };
  },
});

async function makeExport(files: readonly ServedFile[]) {
  exports += 1;
  const exportId = `job_bench_${process.pid}_${exports}`;
  const record = makeBulkExport({ id: exportId, connectionId: connection.id, phase: 'downloading' });
  await store.bulkExports.insert({ record, requestKey: exportId });
  const ledger = files.map(({ type, url, count: promisedCount }) =>
    makeOutputFile({ exportId, type, url, promisedCount, connectionId: connection.id, requiresAccessToken: false }),
  );
  const order = async (): Promise<void> => {
    await store.outputFiles.insertMissing(ledger);
    await producer.addFlow({
      parent: { job: finalizeJob, payload: { exportId } },
      children: { job: downloadJob, payloads: ledger.map(({ id: fileId }) => ({ exportId, fileId })) },
    });
  };
  return { exportId, order };
}
