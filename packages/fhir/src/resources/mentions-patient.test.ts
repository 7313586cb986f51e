import { expect, test } from '@jest/globals';
import { containsId, mentionsPatient, possibleIds, possiblePatients } from './mentions-patient.ts';

const mentions = (line: string | object, id = 'p1') =>
  mentionsPatient(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)), id);

test.each([
  ['the Patient itself', { resourceType: 'Patient', id: 'p1' }],
  ['a subject', { resourceType: 'Observation', id: 'o1', subject: { reference: 'Patient/p1' } }],
  ['a resource without an id', { resourceType: 'Observation', subject: { reference: 'Patient/p1' } }],
  ['an absolute reference', { subject: { reference: 'https://ehr.example/r4/Patient/p1' } }],
  ['a reference to a version', { subject: { reference: 'Patient/p1/_history/2' } }],
  ['an element outside of the compartment', { resourceType: 'Observation', focus: [{ reference: 'Patient/p1' }] }],
  ['a deletion', { resourceType: 'Bundle', entry: [{ request: { method: 'DELETE', url: 'Patient/p1' } }] }],
  ['JSON that is cut off in the middle', '{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"va'],
  ['a reference with an escaped slash', String.raw`{"subject":{"reference":"Patient\/p1"}}`],
  ['a reference with a slash by its code', String.raw`{"subject":{"reference":"Patient\u002fp1"}}`],
  ['an id with a letter by its code', String.raw`{"subject":{"reference":"Patient/\u00701"}`],
  ['a reference in a URL with a query', { attachment: { url: 'Binary/1?owner=Patient/p1&v=2' } }],
  ['a percent-encoded slash', { url: 'https://ehr.example/Patient%2Fp1' }],
  ['a search by id', { reference: 'Patient?_id=p1' }],
  ['a reference at the end of a sentence', { note: 'See Patient/p1.' }],
  ['plain text with the id as a word', 'Name: Jane (p1)'],
  ['plain text that ends with the id', 'MRN p1.'],
  ['XML with the id', "<id value='p1'/>"],
  ['a cut-off Patient', '{"resourceType":"Patient","id":"p1","name":[{"fam'],
])('a line with %s mentions the patient', (_, line) => {
  expect(mentions(line)).toBe(true);
});

test.each([
  ['another patient', { resourceType: 'Patient', id: 'p10' }],
  ['another patient whose id begins with the same letters', { subject: { reference: 'Patient/p10' } }],
  ['an equal id of another type', { resourceType: 'Observation', id: 'p1' }],
  ['text that contains the id as a word', { note: 'p1 is a room' }],
  ['a backslash that is itself escaped', String.raw`{"subject":{"reference":"Patient\\u002fp1"}}`],
  ['plain text with a longer id', 'p1-2 p10 ap1 p1.2'],
  ['a cut-off reference to a longer id', '{"subject":{"reference":"Patient/p10"},"va'],
])('a line with %s does not mention the patient', (_, line) => {
  expect(mentions(line)).toBe(false);
});

test('a line that is nested 100,000 levels deep is searched without exhausting the stack', () => {
  const depth = 100_000;
  expect(mentions(`${'['.repeat(depth)}"Patient/p1"${']'.repeat(depth)}`)).toBe(true);
});

test.each(['utf16le', 'utf16be'])('a line in %s mentions the patient', (encoding) => {
  const line = Buffer.from('{"resourceType":"Patient","id":"p1"}', 'utf16le');
  expect(mentionsPatient(encoding === 'utf16le' ? line : line.swap16(), 'p1')).toBe(true);
});

test('every word of a line that is not JSON can be a patient, and only the mentioned ids of one that is JSON', () => {
  const of = (line: string) => [...new Set(possiblePatients(Buffer.from(line)))];
  expect(of('PID|1|p1.|x')).toEqual(['PID', '1', 'p1.', 'p1', 'x']);
  expect(of('{"note":"p1","subject":{"reference":"Patient/p2"}}')).toEqual(['p2']);
});

test.each([
  ['No access to Patient/p1.', true],
  ['Observation?patient=p1&code=1', true],
  ['https://ehr.example/$export?patient=Patient%2Fp1', true],
  ['https://ehr.example/Patient%2Fp1%2D2', false],
  ['100% of p10', false],
  ['Patient/p1-2', false],
  ['Patient/p1_2', false],
  ['Patient/a.p1', false],
  ['- p1 -', true],
  ['https://ehr.example/files/p1.ndjson', true],
  ['https://ehr.example/files/p1.ndjson.gz?x=1', true],
  ['https://ehr.example/files/p1.E-1.ndjson', false],
])('containsId finds p1 as a word in %s: %s', (text, isFound) => {
  expect(containsId(text, 'p1')).toBe(isFound);
  expect([...possibleIds(text)].includes('p1')).toBe(isFound);
});
