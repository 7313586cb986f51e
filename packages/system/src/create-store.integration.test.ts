import { randomBytes } from 'node:crypto';
import { emptyCheckpoint } from '@bulkhead/imports/export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { makeDocument } from '@bulkhead/records/testing';
import { startTcpProxy, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { mongo } from 'mongoose';
import { createStore } from './create-store.ts';

type Document = Record<string, unknown>;

/** A proxy that records the commands a client sends to MongoDB through its address. */
async function recordCommands(serverUrl: string) {
  const connections: Buffer[][] = [];
  const proxy = await startTcpProxy(serverUrl, (inbound, outbound) => {
    const chunks: Buffer[] = [];
    connections.push(chunks);
    inbound.on('data', (chunk: Buffer) => chunks.push(chunk)).pipe(outbound);
    outbound.pipe(inbound);
  });
  const address = new URL(proxy.url);
  // Otherwise the driver would connect to the address that the server reports for itself.
  address.searchParams.set('directConnection', 'true');
  return {
    uri: address.href,
    commands: () => connections.flatMap((chunks) => readCommands(Buffer.concat(chunks))),
    close: proxy.close,
  };
}

const opMsg = 2013;
/** The document of a command in an OP_MSG follows four header fields, the flags, and the kind of the first section. */
const documentOffset = 21;

function readCommands(bytes: Buffer): Document[] {
  const commands: Document[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at)) {
    if (bytes.readInt32LE(at + 12) !== opMsg) continue;
    const sizeBytes = bytes.readInt32LE(at + documentOffset);
    commands.push(mongo.BSON.deserialize(bytes.subarray(at + documentOffset, at + documentOffset + sizeBytes)));
  }
  return commands;
}

test.each([
  { how: 'as bytes', writesRaw: true },
  { how: 'by the driver', writesRaw: false },
])(
  'every write waits for a majority and for the journal if resources are sent $how, so that a checkpoint is never ahead of its data',
  async ({ writesRaw }) => {
    const recorder = await recordCommands(testServices().mongodbUri);
    const store = createStore({ uri: recorder.uri, encryptionKey: randomBytes(32), writesRaw });
    try {
      await store.connect();
      expect(store.writesRaw()).toBe(writesRaw);
      const record = makeBulkExport();
      await store.bulkExports.insert({ record, requestKey: record.id });
      const file = makeOutputFile({ exportId: record.id });
      await store.outputFiles.insertMissing([file]);
      const claim = { id: file.id, claim: 'attempt' };
      await store.outputFiles.claim(claim, new Date());
      await store.outputFiles.saveCheckpoint(claim, { checkpoint: emptyCheckpoint, etag: undefined });
      await store.resourceWriter.write('Patient', [makeDocument({ resourceType: 'Patient', id: 'p1' })]);

      const writes = recorder.commands().filter((command) => 'insert' in command || 'update' in command);
      const collections = writes.map(({ insert, update }) => insert ?? update);
      expect(collections).toEqual(expect.arrayContaining(['bulk_exports', 'output_files', 'Patient']));
      for (const { writeConcern } of writes) expect(writeConcern).toEqual({ w: 'majority', j: true });
    } finally {
      await store.close();
      await recorder.close();
    }
  },
);
