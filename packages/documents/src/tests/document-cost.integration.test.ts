import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { startConnectedEhr } from '@bulkhead/connections/testing';
import { attemptJob, firstAttempt } from '@bulkhead/queues/testing';
import { makeDocument } from '@bulkhead/records/testing';
import { openTestStore } from '@bulkhead/store/testing';
import { startScriptedServer } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { fetchDocumentWork } from '../steps/fetch-document.job.ts';
import { noteDocuments } from '../steps/index.ts';
import { fileRoute } from '../testing/file-route.ts';
import { createStores, documentSettings } from '../testing/start-use-cases.ts';

const commands: string[] = [];
const onCommand = ({ name, collection }: { readonly name: string; readonly collection: string | undefined }) => {
  commands.push(`${name} ${collection}`);
  return undefined;
};
const cases = await startConnectedEhr((at) => openTestStore(createStores, { ...at, onCommand }));
const server = await startScriptedServer();
afterAll(async () => {
  await server.stop();
  await cases.stop();
});
const { store } = cases.deps;
/** As in a deployment. */
const documents = { ...documentSettings, maxBytes: 100_000_000, partBytes: 4_194_304 };
const deps = { ...cases.deps, documents };
const connectionId = cases.connection.id;
store.resourceWriter.subscribe(() => noteDocuments(deps));

/** Notes a document of this content at the server, for each of the reports. */
async function receive(id: string, bytes: Buffer) {
  const now = deps.now();
  server.answer({ [`/${id}`]: fileRoute({ bytes }) });
  const attachment = { url: `${server.url}/${id}`, contentType: 'application/pdf' };
  const report = { resourceType: 'DiagnosticReport', id, meta: { versionId: '1' }, presentedForm: [attachment] };
  const resource = makeDocument(report, { connectionId, observedAt: now, now });
  await store.resourceWriter.write('DiagnosticReport', [resource]);
  const [document] = await store.documents.list({ filter: { connectionId, 'resource.id': id }, limit: 1 });
  if (!document) throw new Error('no document was noted');
  return document.id;
}

const fetch = (documentId: string) =>
  attemptJob(deps, fetchDocumentWork, {
    payload: { documentId },
    retryAt: firstAttempt,
    signal: AbortSignal.timeout(60_000),
  });

/** @returns the commands that the fetch of a document needs */
async function commandsOf(documentId: string): Promise<readonly string[]> {
  commands.length = 0;
  await fetch(documentId);
  // The connection is read again after a second.
  return commands.filter((command) => !/find connections|writing_processes/.test(command));
}

async function readContent(documentId: string): Promise<Buffer> {
  const document = await store.documents.find(documentId);
  const content = await store.documentContents.find({ connectionId, sha256: document?.sha256 ?? '' });
  if (!content) throw new Error('no content');
  return buffer(store.documentContents.read(content, { start: 0, end: content.sizeBytes }));
}

test('a document of a chunk or less costs four commands, and is read back as it was sent', async () => {
  await fetch(await receive('first', randomBytes(1000)));
  for (const kilobytes of [0, 1, 254, 255]) {
    const bytes = randomBytes(kilobytes * 1024);
    const id = await receive(`of-${kilobytes}`, bytes);
    expect(await commandsOf(id)).toEqual([
      'findAndModify documents',
      'update document_contents',
      'update DiagnosticReport',
      'update documents',
    ]);
    expect(await readContent(id)).toEqual(bytes);
  }
  expect(await store.documentContents.count()).toEqual({ contents: 5, parts: 0 });
});

test.each([
  { size: '256 kB', bytes: randomBytes(256 * 1024), parts: 1 },
  { size: '50 MB', bytes: Buffer.alloc(50_000_000, randomBytes(1_000_003)), parts: 12 },
])(
  'a document of $size is stored in parts, and nothing is deleted that was never there',
  async ({ size, bytes, parts }) => {
    const before = await store.documentContents.count();
    const commandsUsed = await commandsOf(await receive(size.replace(' ', '-'), bytes));
    expect(commandsUsed.filter((command) => command.startsWith('delete'))).toEqual([]);
    expect((await store.documentContents.count()).parts).toBe(before.parts + parts);
  },
);

test('a document that the EHR sends twice is stored once, also by two workers at the same time', async () => {
  const before = await store.documentContents.count();
  const bytes = randomBytes(100_000);
  const ids = await Promise.all(['twice-a', 'twice-b', 'twice-c'].map((id) => receive(id, bytes)));
  await Promise.all(ids.map(fetch));
  expect(await store.documentContents.count()).toEqual({ ...before, contents: before.contents + 1 });
  for (const id of ids) expect(await readContent(id)).toEqual(bytes);
});

test('a content in its record is neither readable in the database nor in another record', async () => {
  const id = await receive('secret', Buffer.alloc(5000, 'Jane Doe '));
  await fetch(id);
  const { sha256 = '' } = (await store.documents.find(id)) ?? {};
  const content = await store.documentContents.find({ connectionId, sha256 });
  if (!content) throw new Error('no content');
  expect(Buffer.from(content.inline?.bytes.buffer ?? []).includes('Jane Doe')).toBe(false);
  const moved = { ...content, sha256: 'other' };
  await expect(buffer(store.documentContents.read(moved, { start: 0, end: 5000 }))).rejects.toThrow();
  const part = await buffer(store.documentContents.read(content, { start: 9, end: 13 }));
  expect(part.toString()).toBe('Jane');
});
