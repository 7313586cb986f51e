import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
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

describe('parseResourceLine', () => {
  test.each([
    { name: 'not json', content: '{"resourceType":"Patient",', reason: 'invalid-json' },
    { name: 'null', content: 'null', reason: 'not-an-object' },
    { name: 'an array', content: '[{"resourceType":"Patient","id":"1"}]', reason: 'not-an-object' },
    { name: 'no type', content: '{"id":"1"}', reason: 'no-resource-type' },
    { name: 'no id', content: '{"resourceType":"Patient"}', reason: 'no-id' },
    { name: 'an id with a path in it', content: '{"resourceType":"Patient","id":"../x"}', reason: 'no-id' },
    { name: 'invalid UTF-8', content: Buffer.from([0x7b, 0xff, 0x7d]), reason: 'invalid-utf8' },
  ])('rejects $name', ({ content, reason }) => {
    expect(parse(content)).toEqual({ kind: 'rejected', reason });
  });

  test('rejects another type than the manifest promised', () => {
    const parsed = parse('{"resourceType":"Patient","id":"1"}', { type: 'Observation' });
    expect(parsed).toEqual({ kind: 'rejected', reason: 'wrong-resource-type' });
  });

  test('rejects a cut line', () => {
    expect(parse('{', { isTooLong: true })).toEqual({ kind: 'rejected', reason: 'line-too-long' });
  });

  test('takes a byte order mark on the first line and blank lines anywhere', () => {
    expect(parse('\ufeff{"resourceType":"Patient","id":"1"}', { line: 1 })).toMatchObject({ kind: 'resource' });
    expect(parse(' \t')).toEqual({ kind: 'blank' });
  });

  test('repairs raw control characters inside strings and leaves white space between tokens alone #control-characters', () => {
    const parsed = parse('{\t"resourceType":"Patient",\t"id":"1","text":{"div":"a\u0001b\tc \\" d"}}');
    expect(parsed).toMatchObject({ kind: 'resource', resource: { text: { div: 'a\u0001b\tc " d' } } });
  });

  test('leaves an escaped control character invalid, because its meaning is unknown', () => {
    const parsed = parse('{"resourceType":"Patient","id":"1","text":{"div":"a\\\tb"}}');
    expect(parsed).toEqual({ kind: 'rejected', reason: 'invalid-json' });
  });

  // The worker thread keeps the test's own time limit running, which a scan in quadratic time exceeds by far.
  test.each([
    { name: 'escaped quotes', text: '\\"'.repeat(2_000_000) },
    { name: 'backslashes', text: '\\'.repeat(3_999_999) },
    { name: 'control characters', text: '\t'.repeat(4_000_000) },
  ])('rejects a 4 MB line that ends inside a string of $name in linear time', async ({ text }) => {
    const line = `{"resourceType":"Patient","id":"1","text":"${text}`;
    await expect(parseInThread(line)).resolves.toEqual({ kind: 'rejected', reason: 'invalid-json' });
  });

  test('keeps number texts #number-text', () => {
    const line = '{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.50}}';
    const parsed = parse(line);
    expect(parsed.kind === 'resource' && JSON.stringify(parsed.resource)).toBe(line);
  });
});
