import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from '@jest/globals';
import { parseResourceLine } from './parse-resource-line.ts';

function parse(
  content: string | Buffer,
  { line = 2, isTooLong = false, type }: { line?: number; isTooLong?: boolean; type?: string } = {},
) {
  const bytes = Buffer.from(content as string);
  return parseResourceLine(
    { bytes, line, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong },
    type,
  );
}

async function parseInThread(content: string): Promise<unknown> {
  const module = new URL('./parse-resource-line.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(module)}).then(({ parseResourceLine }) => {
    const { parentPort, workerData: text } = require('node:worker_threads');
    const bytes = Buffer.from(text);
    const sizeBytes = bytes.length;
    parentPort.postMessage(parseResourceLine({ bytes, line: 2, offset: 0, nextOffset: sizeBytes, sizeBytes, isTooLong: false }));
  })`;
  const thread = new Worker(code, { eval: true, workerData: content });
  onTestEnd.push(() => thread.terminate());
  const [parsed] = await once(thread, 'message');
  return parsed;
}

const onTestEnd: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(onTestEnd.splice(0).map((end) => end()));
});

test.each([
  { name: 'text that is not JSON', content: '{"resourceType":"Patient",', reason: 'invalid-json' },
  { name: 'null', content: 'null', reason: 'not-an-object' },
  { name: 'an array', content: '[{"resourceType":"Patient","id":"1"}]', reason: 'not-an-object' },
  { name: 'a resource without a type', content: '{"id":"1"}', reason: 'no-resource-type' },
  { name: 'a resource without an id', content: '{"resourceType":"Patient"}', reason: 'no-id' },
  { name: 'an id with a path in it', content: '{"resourceType":"Patient","id":"../x"}', reason: 'no-id' },
  { name: 'invalid UTF-8', content: Buffer.from([0x7b, 0xff, 0x7d]), reason: 'invalid-utf8' },
])('parseResourceLine rejects $name', ({ content, reason }) => {
  expect(parse(content)).toEqual({ kind: 'rejected', reason });
});

test("parseResourceLine rejects a resource whose type differs from the manifest's", () => {
  const parsed = parse('{"resourceType":"Patient","id":"1"}', { type: 'Observation' });
  expect(parsed).toEqual({ kind: 'rejected', reason: 'wrong-resource-type' });
});

const nested = (levels: number) => `{"resourceType":"Patient","id":"1","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const patientWith = (text: string) => `{"resourceType":"Patient","id":"1",${text}}`;

test.each([
  { name: 'millions of values', content: patientWith(`"x":[${'{},'.repeat(2_000_000)}{}]`), reason: 'too-many-values' },
  { name: '101 levels', content: nested(100), reason: 'too-deep' },
  { name: '400,000 levels', content: nested(400_000), reason: 'too-deep' },
  { name: 'a million levels', content: nested(1_000_000), reason: 'too-many-values' },
  {
    name: '60,000 numbers that keep their texts',
    content: patientWith(`"x":[${'1.50,'.repeat(60_000)}1]`),
    reason: 'too-many-values',
  },
  { name: 'a cut-off line of many levels', content: nested(200).slice(0, -1), reason: 'invalid-json' },
  { name: 'NUL in a key', content: patientWith(String.raw`"x":[{"a\u0000b":1}]`), reason: 'nul-in-key' },
  { name: 'raw NUL in a key', content: patientWith('"a\0b":1'), reason: 'nul-in-key' },
  {
    name: 'a key that the driver reserves',
    content: patientWith('"x":{"_bsontype":"ObjectId"}'),
    reason: 'reserved-key',
  },
  {
    name: 'an escaped key that the driver reserves',
    content: patientWith(String.raw`"\u005fbsontype":1`),
    reason: 'reserved-key',
  },
  { name: 'a DBRef', content: patientWith('"x":{"$ref":"a.b","$id":1}'), reason: 'reserved-key' },
  { name: 'a high surrogate alone', content: patientWith(String.raw`"x":"a\ud83db"`), reason: 'lone-surrogate' },
  { name: 'a low surrogate alone', content: patientWith(String.raw`"x":["\uDE00"]`), reason: 'lone-surrogate' },
  { name: 'a lone surrogate in a key', content: patientWith(String.raw`"\ud83d":1`), reason: 'lone-surrogate' },
])('parseResourceLine rejects $name, because MongoDB cannot store it', ({ content, reason }) => {
  expect(parse(content)).toEqual({ kind: 'rejected', reason });
});

test.each([
  nested(99),
  patientWith(String.raw`"x":"\ud83d\ude00 \u0000 \u003cb\u003e \\ud83d \u005fbsontype"`),
  patientWith('"_bsontypes":"_bsontype","$set":1,"$ref":"Patient/1","":2,"__proto__":{"a.b":3}'),
])('parseResourceLine accepts JSON that MongoDB stores unchanged', (content) => {
  const parsed = parse(content);
  expect(parsed.kind === 'resource' && parsed.resource).toEqual(JSON.parse(content));
});

test('parseResourceLine rejects a line that is too long', () => {
  expect(parse('{', { isTooLong: true })).toEqual({ kind: 'rejected', reason: 'line-too-long' });
});

test('parseResourceLine accepts a byte order mark on the first line and blank lines anywhere', () => {
  expect(parse('\ufeff{"resourceType":"Patient","id":"1"}', { line: 1 })).toMatchObject({ kind: 'resource' });
  expect(parse(' \t')).toEqual({ kind: 'blank' });
});

test('parseResourceLine does not require a byte order mark on the first line, and rejects it on other lines', () => {
  const line = '{"resourceType":"Patient","id":"1"}';
  expect(parse(line, { line: 1 })).toMatchObject({ kind: 'resource', resource: { id: '1' } });
  expect(parse(`\ufeff${line}`)).toEqual({ kind: 'rejected', reason: 'invalid-json' });
  // These characters share one or two of the three bytes of the mark.
  for (const character of ['\uf000', '\ufefe', '\uf03f', '\u8eff'])
    expect(parse(`${character}${line}`, { line: 1 })).toEqual({ kind: 'rejected', reason: 'invalid-json' });
  expect(parse('\r', { line: 1 })).toEqual({ kind: 'blank' });
});

test.each([
  { promised: 'Patient', type: 'Patient', isTaken: true },
  { promised: 'Patient', type: 'Observation', isTaken: false },
  { promised: 'Resource', type: 'Observation', isTaken: true },
  { promised: 'Resource', type: 'connections', isTaken: false },
  { promised: undefined, type: 'connections', isTaken: true },
])('parseResourceLine accepts a $type in a file of $promised: $isTaken', ({ promised, type, isTaken }) => {
  const parsed = parse(`{"resourceType":"${type}","id":"1"}`, promised === undefined ? {} : { type: promised });
  expect(parsed).toMatchObject(isTaken ? { kind: 'resource' } : { kind: 'rejected', reason: 'wrong-resource-type' });
});

test('parseResourceLine repairs raw control characters inside strings and leaves white space between tokens alone #control-characters', () => {
  const parsed = parse('{\t"resourceType":"Patient",\t"id":"1","text":{"div":"a\u0001b\tc \\" d"}}');
  expect(parsed).toMatchObject({ kind: 'resource', resource: { text: { div: 'a\u0001b\tc " d' } } });
});

test('parseResourceLine leaves an escaped control character invalid, because its meaning is unknown', () => {
  const parsed = parse('{"resourceType":"Patient","id":"1","text":{"div":"a\\\tb"}}');
  expect(parsed).toEqual({ kind: 'rejected', reason: 'invalid-json' });
});

// In a worker thread, so that a scan in quadratic time exceeds the time limit of the test instead of blocking it.
test.each([
  { name: 'escaped quotes', text: '\\"'.repeat(2_000_000) },
  { name: 'backslashes', text: '\\'.repeat(3_999_999) },
  { name: 'control characters', text: '\t'.repeat(4_000_000) },
])('parseResourceLine rejects a 4 MB line that ends inside a string of $name in linear time', async ({ text }) => {
  const line = `{"resourceType":"Patient","id":"1","text":"${text}`;
  await expect(parseInThread(line)).resolves.toEqual({ kind: 'rejected', reason: 'invalid-json' });
});

test('parseResourceLine keeps number texts #number-text', () => {
  const line = '{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.50}}';
  const parsed = parse(line);
  expect(parsed.kind === 'resource' && JSON.stringify(parsed.resource)).toBe(line);
});
