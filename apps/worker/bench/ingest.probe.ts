import { downloadWork } from '@bulkhead/imports/export/steps';
// Started by scripts/bench. Measures the ingest of files with and without the database, and the least work that any ingest must do.

import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openFile } from '@bulkhead/ehr';
import { LineSplitter, parseResourceLine } from '@bulkhead/fhir';
import type { OutputFile } from '@bulkhead/imports/export';
import { ingestFile } from '@bulkhead/imports/export/steps';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { runJob } from '@bulkhead/queues/testing';
import { noOutcome, type ResourceDocument, toResourceDocument, writeDocument } from '@bulkhead/records';
import { BsonWriter } from '@bulkhead/store/bson';
import { withMethods } from '@bulkhead/store/testing';
import { forgetTypes } from './forget-types.ts';
import { openBench } from './open-bench.ts';
import { serveProbe } from './serve-probe.ts';

/** A file on disk that is also served over HTTP. */
interface ServedFile {
  readonly type: string;
  readonly url: string;
  readonly path: string;
  readonly count: number;
}

const { deps, connection, client } = await openBench();
/** The batch size of the ingest. */
const batchSize = 125;
const exportId = 'job_bench';
const observedAt = new Date('2026-01-01T00:00:00Z');

serveProbe({
  /** `JSON.parse` of the lines, which are strings in memory. */
  'parse-floor': async (files: readonly ServedFile[]) => {
    const lines = files.flatMap((file) => readLines(file).map(({ bytes }) => bytes.toString('utf8')));
    return async () => {
      for (const line of lines) JSON.parse(line);
      return { units: lines.length };
    };
  },

  /** The work that every import must do, from memory: gunzip, split, decode, hash and `JSON.parse`. */
  'steps-floor': async (files: readonly ServedFile[]) => {
    const packed = files.map(({ path }) => readFileSync(path));
    return async () => {
      let units = 0;
      for (const file of packed) {
        for (const { bytes } of splitLines(gunzipSync(file))) {
          hash('sha256', bytes, 'base64url');
          JSON.parse(bytes.toString('utf8'));
          units += 1;
        }
      }
      return { units };
    };
  },

  /** The ingest without a database: download, gunzip, split, check, hash, keys, and the bytes of the documents. */
  parse: async (files: readonly ServedFile[]) => {
    const writer = new BsonWriter(1024 * 1024);
    const discard = {
      resourceWriter: {
        write: async (_type: string, documents: readonly ResourceDocument[]) => {
          writer.clear();
          for (const document of documents) writeDocument({ writer, document, added: { revision: 1 } });
          return { ...noOutcome, written: documents.length };
        },
      },
      quarantine: withMethods(deps.store.quarantine, { put: async () => 0 }),
    };
    return async () => {
      let units = 0;
      for (const file of files) {
        const { body } = await openFile({
          session: deps.ehr.session(connection),
          url: file.url,
          requiresAccessToken: false,
        });
        const options = {
          file: toRecord(file),
          observation: { observedAt },
          body,
          now: () => observedAt,
          buffers: deps.buffers,
          largeBytes: deps.largeBytes,
          save: async () => true,
        };
        units += (await ingestFile({ store: discard, ...options }))?.stored ?? 0;
      }
      return { units };
    };
  },

  /** The bulkWrite of the bare driver, for the same documents, which are parsed before. The collections have the same indexes. */
  'store-floor': async (files: readonly ServedFile[]) => {
    await forget(files);
    await client.connect();
    const batches = files.map((file) => ({ type: file.type, documents: readLines(file).map(toDocument(file)) }));
    return async () => {
      let units = 0;
      for (const { type, documents } of batches) {
        const collection = client.db().collection(type);
        for (let start = 0; start < documents.length; start += batchSize) {
          const batch = documents.slice(start, start + batchSize);
          const operations = batch.map((document) => ({ insertOne: { document: { ...document, revision: 1 } } }));
          units += (await collection.bulkWrite(operations as never[], { ordered: false })).insertedCount;
        }
      }
      return { units };
    };
  },

  /** The whole job of each file, into an empty database. */
  store: async (files: readonly ServedFile[]) => {
    await forget(files);
    return () => downloadAll(files);
  },

  /** The same jobs again. All resources are stored already and unchanged. */
  'store-again': async (files: readonly ServedFile[]) => () => downloadAll(files),
});

async function downloadAll(files: readonly ServedFile[]) {
  const { store } = deps;
  const records = files.map(toRecord);
  await store.outputFiles.insertMissing(records);
  for (const { id } of records) {
    const signal = AbortSignal.timeout(600_000);
    await runJob(deps, downloadWork, { exportId, fileId: id }, { signal });
  }
  const settled = await Promise.all(records.map(({ id }) => store.outputFiles.find(id)));
  const sum = (count: (file: OutputFile) => number) =>
    settled.reduce((total, file) => total + (file ? count(file) : 0), 0);
  const units = sum(({ checkpoint }) => checkpoint.stored);
  return { units, details: { unchanged: sum(({ checkpoint }) => checkpoint.unchanged) } };
}

async function forget(files: readonly ServedFile[]): Promise<void> {
  await forgetTypes({ client, store: deps.store, types: files.map(({ type }) => type) });
  if (await deps.store.bulkExports.find(exportId)) return;
  const record = makeBulkExport({ id: exportId, connectionId: connection.id, phase: 'downloading' });
  await deps.store.bulkExports.insert({ record, requestKey: exportId });
}

function toRecord({ type, url, count }: ServedFile): OutputFile {
  return makeOutputFile({
    exportId,
    connectionId: connection.id,
    type,
    url,
    promisedCount: count,
    requiresAccessToken: false,
  });
}

function readLines({ path }: ServedFile) {
  return splitLines(gunzipSync(readFileSync(path)));
}

function splitLines(ndjson: Buffer) {
  const splitter = new LineSplitter({ maxLineBytes: 15 * 1024 * 1024 });
  return [...splitter.push(ndjson), ...splitter.end()].filter((piece) => 'bytes' in piece);
}

function toDocument({ type }: ServedFile) {
  return (line: ReturnType<typeof readLines>[number]): ResourceDocument => {
    const parsed = parseResourceLine(line, type);
    if (parsed.kind !== 'resource') throw new Error(`line ${line.line} of ${type} is not a resource`);
    const source = { exportId, fileId: 'file_bench', line: line.line };
    return toResourceDocument({
      ...parsed,
      context: { connectionId: connection.id, source, observedAt, now: observedAt },
    });
  };
}
