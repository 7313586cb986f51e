import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { fileFormOf, toLines } from './file-form.ts';

test.each([
  { start: '{"resourceType":"Patient","id":"1"}\n{', form: 'ndjson' },
  { start: '{"resourceType":"Patient","id":"1"}\n', form: 'unknown' },
  { start: '{"resourceType":"Patient","id":"1"}', form: 'unknown' },
  { start: '  \n ', form: 'unknown' },
  { start: '[', form: 'unknown' },
  { start: '[\n {"resourceType"', form: 'json' },
  { start: '[{"resourceType":"Patient"}', form: 'json' },
  { start: '[1,2]\n{}', form: 'ndjson' },
  { start: '{\n  "resourceType": "Patient"', form: 'json' },
  { start: '{"resourceType":"Patient",\r\n\t"id"', form: 'json' },
  // A first line that is cut off stays one bad line.
  { start: '{"resourceType":"Pati\n{"resourceType":"Patient"}', form: 'ndjson' },
  { start: '{"resourceType":"Patient",\n{"resourceType":"Patient"}', form: 'ndjson' },
  { start: '{"resourceType":"Patient","name":"\n"x"', form: 'ndjson' },
  { start: '{ "resourceType" : "Bundle","entry"', form: 'bundle' },
  { start: '{"resourceType":"BundleOfSomething"}\n{', form: 'ndjson' },
  { start: '<html>', form: 'ndjson' },
  { start: 'null\n{}', form: 'ndjson' },
])('the form of a file that begins with $start is $form #ndjson', ({ start, form }) => {
  expect(fileFormOf(start)).toBe(form);
});

const rewritten = async (text: string, sizeBytes = text.length) => {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, index) =>
    bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  );
  const result = await buffer(Readable.from(chunks).pipe(toLines()));
  expect(result.length).toBe(bytes.length);
  return result
    .toString()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
};

describe('toLines #ndjson', () => {
  const first = { resourceType: 'Patient', id: 'a', text: 'é "quoted", [list]\n\\', list: [1, [2, {}]], none: [] };
  const second = { resourceType: 'Patient', id: 'b', nested: { deep: [{ a: '}' }] } };

  test.each([
    { what: 'an array', text: JSON.stringify([first, second]) },
    { what: 'an array with line breaks', text: JSON.stringify([first, second], undefined, 2) },
    {
      what: 'resources with line breaks',
      text: [first, second].map((one) => JSON.stringify(one, undefined, '\t')).join('\r\n'),
    },
    { what: 'NDJSON', text: [first, second].map((one) => JSON.stringify(one)).join('\n') },
  ])('rewrites $what as lines, in chunks of any size', async ({ text }) => {
    for (const sizeBytes of [1, 3, 1000]) {
      const lines = await rewritten(text, sizeBytes);
      expect(lines.map((line) => JSON.parse(line))).toEqual([first, second]);
    }
  });

  test('keeps the text of numbers', async () => {
    expect(await rewritten('[{"value": 1.50,\n"big": 12345678901234567890}]')).toEqual([
      '{"value": 1.50, "big": 12345678901234567890}',
    ]);
  });

  test.each(['[{"a":1}', '[{"a":1},{"b"', '{\n"a":1', '[{"a":"x'])('fails for %s, which is cut off', async (text) => {
    await expect(rewritten(text)).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });
});
