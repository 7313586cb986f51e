// Started by scripts/bench. Fills a database for measurements of reads, and reads it with the bare driver.
import { type Resource, standardResourceTypes } from '@bulkhead/fhir';
import { toResourceDocument } from '@bulkhead/resources';
import { MongoClient } from 'mongodb';
import { openBench } from './open-bench.ts';
import { serveProbe } from './serve-probe.ts';

interface Fill {
  readonly resourceType: string;
  readonly count: number;
  readonly perPatient: number;
  /** Resources as JSON, which are copied until there are `count`. */
  readonly samples: readonly string[];
}

const { deps, connection, mongodbUrl } = await openBench();
const client = await new MongoClient(mongodbUrl).connect();
const database = client.db();
const observedAt = new Date('2026-01-01T00:00:00Z');
const batchSize = 1000;

serveProbe({
  /** Stores copies of the samples, each with its own id and patient. */
  fill:
    async ({ resourceType, count, perPatient, samples }: Fill) =>
    async () => {
      await deps.store.prepareResourceTypes([resourceType, ...standardResourceTypes]);
      for (let start = 0; start < count; start += batchSize) {
        const documents = Array.from({ length: Math.min(batchSize, count - start) }, (_, offset) => {
          const number = start + offset;
          const sample = JSON.parse(samples[number % samples.length] ?? '{}') as Resource;
          const subject = { reference: `Patient/p-${Math.floor(number / perPatient)}` };
          const resource = { ...sample, id: `${resourceType}-${number}`, subject };
          const context = {
            connectionId: connection.id,
            source: { exportId: 'job_bench', fileId: 'file_bench', line: number + 1 },
            observedAt,
            now: observedAt,
          };
          const json = Buffer.from(JSON.stringify(resource));
          return { ...toResourceDocument({ resource, json, hasExactNumbers: false, context }), revision: 1 };
        });
        await database.collection(resourceType).insertMany(documents as never[], { ordered: false });
      }
      return { units: count, details: { connections: 1 } };
    },

  /** Reads every document of a type with a cursor and does nothing with it. */
  cursor: async (resourceType: string) => async () => {
    let units = 0;
    const documents = database
      .collection(resourceType)
      .find({ connectionId: connection.id, deleted: false }, { projection: { resource: 1, numberTexts: 1 } });
    for await (const { resource } of documents) units += resource ? 1 : 0;
    return { units };
  },

  /** Reads the first page of a patient's documents with the bare driver, once for each patient. */
  searches: async (input: { readonly patients: readonly string[]; readonly warmUps: number }) => async () => {
    const { patients, warmUps } = input;
    const waitsMs: number[] = [];
    for (const patient of patients) {
      const startedAt = performance.now();
      await database
        .collection('Observation')
        .find({ connectionId: connection.id, 'keys.patient': patient })
        .sort({ 'keys.dateStart': 1, resourceId: 1 })
        .limit(21)
        .toArray();
      waitsMs.push(performance.now() - startedAt);
    }
    waitsMs.splice(0, warmUps);
    waitsMs.sort((left, right) => left - right);
    return { units: waitsMs.length, details: { p99Ms: waitsMs[Math.ceil(waitsMs.length * 0.99) - 1] ?? 0 } };
  },
});
