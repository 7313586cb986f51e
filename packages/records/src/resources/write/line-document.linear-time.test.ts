import { parseResourceLine } from '@bulkhead/fhir';
import { BsonLines, BsonWriter, BufferPool } from '@bulkhead/store/bson';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { patientsOfDocument, toResourceDocument } from '../version/resource-document.ts';
import { readLineDocument, writeDocument } from './line-document.ts';

const context = {
  connectionId: 'conn_1',
  source: { exportId: 'job_1', fileId: 'job_1.1', line: 1 },
  observedAt: new Date('2026-05-01T10:00:00Z'),
  now: new Date('2026-05-01T10:00:00Z'),
};

/** Reads and writes a line without objects, as it is done for most lines. */
function takeBytes(text: string): void {
  const lines = new BsonLines(new BufferPool());
  const read = readLineDocument({ json: Buffer.from(text), expectedType: 'Observation', context, lines });
  if (read) writeDocument({ writer: new BsonWriter(1024), document: read.document, added: { revision: 1 } });
}

/** Reads and writes a line that is unusual. */
function takeObjects(text: string): void {
  const bytes = Buffer.from(text);
  const at = { line: 2, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong: false };
  const parsed = parseResourceLine({ bytes, ...at }, 'Observation');
  if (parsed.kind !== 'resource') return;
  const document = toResourceDocument({ ...parsed, context });
  patientsOfDocument(document);
  writeDocument({ writer: new BsonWriter(1024), document, added: { revision: 1 } });
}

const wrap = (value: string) => `{"resourceType":"Observation","id":"1","component":${value}}`;
const listElements = ['{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1.50}}'];
const readers: readonly Reader[] = [
  { name: 'a line as bytes', parse: takeBytes, wrap, listElements },
  { name: 'a line as objects', parse: takeObjects, wrap, listElements },
  {
    name: 'a line of many elements',
    parse: takeObjects,
    wrap: (keys) => `{"resourceType":"Observation","id":"1",${keys.slice(1)}`,
    listElements: [],
  },
];

test.each(readers)('$name is read and written in time that grows no faster than its size', async (reader) => {
  expect(await findSuperlinear(reader)).toEqual([]);
});
