import { isDeepStrictEqual } from 'node:util';
import { type ParsedLine, parseResourceLine } from '@bulkhead/fhir';
import { BsonLines, BsonWriter, BufferPool } from '@bulkhead/store/bson';
import { publishedLines } from '@bulkhead/testing';
import { testWithLines } from '@bulkhead/testing/test-with-lines';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { type ResourceDocument, toResourceDocument } from '../version/resource-document.ts';
import { readLineDocument, toFields, writeDocument } from './line-document.ts';

const context = {
  connectionId: 'conn_1',
  source: { exportId: 'job_1', fileId: 'job_1.1', line: 7 },
  observedAt: new Date('2026-05-01T00:00:00Z'),
  now: new Date('2026-05-01T01:00:00Z'),
};
const pool = new BufferPool();
const added = { revision: 1 };

function read(text: string, expectedType = 'Resource') {
  return readLineDocument({ json: Buffer.from(text), expectedType, context, lines: new BsonLines(pool) })?.document;
}

function parse(text: string, expectedType = 'Resource'): ParsedLine {
  const bytes = Buffer.from(text);
  const at = { line: 7, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong: false };
  return parseResourceLine({ bytes, ...at }, expectedType);
}

function bytesOf(document: ResourceDocument): Buffer {
  const writer = new BsonWriter(1024);
  writeDocument({ writer, document, added });
  return writer.bytes;
}

/** A line that is read without being parsed must give the same document as a line that is parsed. */
function expectSameOrUnread(text: string): boolean {
  const document = read(text);
  if (!document) return false;
  const parsed = parse(text);
  if (parsed.kind !== 'resource') throw new Error(`${text} is not a resource, but was read as one`);
  const expected = toResourceDocument({ ...parsed, context });
  const serialized = Buffer.from(mongoose.mongo.BSON.serialize({ ...expected, ...added }));
  const [bytes, fields] = [bytesOf(document), toFields(document)];
  // For thousands of lines, `expect` would take more time than all the rest.
  if (bytes.equals(serialized) && isDeepStrictEqual(fields, expected)) return true;
  expect([text, bytes.toString('hex')]).toEqual([text, serialized.toString('hex')]);
  expect(fields).toEqual(expected);
  return true;
}

describe('readLineDocument', () => {
  test.each([
    '{"resourceType":"Patient","id":"a"}',
    '{"id":"a","meta":null,"resourceType":"Patient"}',
    '{"resourceType":"Patient","id":"a","meta":{"versionId":"3","lastUpdated":"2026-01-01T00:00:00Z","tag":[{"code":"SUBSETTED"}]}}',
    '{"resourceType":"Patient","id":"a","meta":{"versionId":3,"lastUpdated":"soon"}}',
    '{"resourceType":"Patient","id":"a","meta":{"lastUpdated":"2099-01-01T00:00:00Z"}}',
    // The hash of `nanF` is that of `name`.
    '{"resourceType":"Patient","id":"a","nanF":[{"family":"B"}]}',
    '{"resourceType":"Observation","id":"a","valueQuantity":{"value":1.50},"effectiveDateTime":"2024","code":{"coding":[{"code":"é"}]}}',
    '{"resourceType":"Appointment","id":"a","minutesDuration":30.0,"start":"2024-01-15T10:00:00Z","status":"booked"}',
    '{"resourceType":"DiagnosticReport","id":"a","presentedForm":[{"size":1e400,"data":"YQ=="}],"subject":{"reference":"Patient/p"}}',
  ])('reads %s like a line that is parsed', (text) => {
    // Only 1e400 needs a number text.
    expect(expectSameOrUnread(text)).toBe(!text.includes('1e400'));
  });

  test.each([
    { what: 'a resource of another type', text: '{"resourceType":"Patient","id":"a"}', type: 'Observation' },
    { what: 'an unknown type', text: '{"resourceType":"Foo","id":"a"}', type: 'Resource' },
    { what: 'no type', text: '{"id":"a"}', type: 'Resource' },
    { what: 'no id', text: '{"resourceType":"Patient"}', type: 'Patient' },
    { what: 'a key with the hash of `id`', text: '{"resourceType":"Patient","jE":"a"}', type: 'Patient' },
    { what: 'an id with a slash', text: '{"resourceType":"Patient","id":"a/b"}', type: 'Patient' },
    { what: 'an OperationOutcome', text: '{"resourceType":"OperationOutcome","id":"a"}', type: 'Resource' },
    { what: 'JSON that is cut off', text: '{"resourceType":"Patient","id":"a"', type: 'Patient' },
  ])('leaves $what to the parser', ({ text, type }) => {
    expect(read(text, type)).toBeUndefined();
  });

  test('leaves invalid UTF-8 to the parser', () => {
    const json = Buffer.from('{"resourceType":"Patient","id":"a","x":"\xff"}', 'latin1');
    const options = { json, expectedType: 'Patient', context, lines: new BsonLines(pool) };
    expect(readLineDocument(options)).toBeUndefined();
  });

  test('leaves a line to the parser if its document might be too large', () => {
    const line = (length: number) => `{"resourceType":"Patient","id":"a","x":"${'x'.repeat(length)}"}`;
    expect([read(line(2_000_000)), read(line(2_400_000))]).toEqual([expect.anything(), undefined]);
  });

  test('reads any elements like a line that is parsed', () => {
    const types =
      'Observation Encounter Patient FamilyMemberHistory MedicationDispense CarePlan Appointment Coverage Goal Specimen Foo';
    const names =
      'meta subject patient participant payor beneficiary encounter status lifecycleStatus clinicalStatus category code type vaccineCode ' +
      'medicationCodeableConcept condition reaction period start birthDate effectiveTiming collection activity contained content text';
    const inner =
      'reference coding code system start end actor event repeat boundsPeriod collectedDateTime detail performer value';
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5, depthSize: 'xsmall' },
        fc.constantFrom<unknown>('Patient/p1', 'Encounter/e', '2024-01-15', 'x', 1.5, true, null),
        fc.jsonValue(),
        fc.array(tie('any')),
        fc.dictionary(fc.constantFrom(...inner.split(' ')), tie('any')),
      ),
    }));
    let count = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...types.split(' ')),
        fc.dictionary(fc.constantFrom(...names.split(' ')), any),
        (resourceType, elements) => {
          if (expectSameOrUnread(JSON.stringify({ ...elements, resourceType, id: 'x' }))) count += 1;
        },
      ),
      { numRuns: 2000 },
    );
    expect(count).toBeGreaterThan(300);
  });

  const { examples, synthea } = publishedLines();
  for (const [what, lines, mayLeave] of [
    ['published example', examples, 1],
    ['resource of Synthea', synthea, 0],
  ] as const) {
    const title = `reads almost every ${what} like a line that is parsed`;
    const run = () => expect(lines.filter((line) => !expectSameOrUnread(line)).length).toBeLessThanOrEqual(mayLeave);
    testWithLines({ title, lines, run });
  }
});
