import { describe, expect, test } from '@jest/globals';
import { LineSplitter, type NdjsonLine } from './line-splitter.ts';

function splitAt(bytes: Buffer, chunkBytes: number, options = { maxLineBytes: 1000 }): NdjsonLine[] {
  const splitter = new LineSplitter(options);
  const lines: NdjsonLine[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    lines.push(...splitter.push(bytes.subarray(at, at + chunkBytes)));
  return [...lines, ...splitter.end()];
}

describe('LineSplitter', () => {
  const file = Buffer.from('{"a":"ä😀"}\r\n\n{"b":1}\nlast');

  test.each([1, 2, 3, 7, 1000])('gives the same lines for chunks of %i bytes', (chunkBytes) => {
    const lines = splitAt(file, chunkBytes);
    expect(lines.map(({ bytes }) => bytes.toString())).toEqual(['{"a":"ä😀"}', '', '{"b":1}', 'last']);
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    for (const { offset, bytes } of lines) expect(file.subarray(offset, offset + bytes.length)).toEqual(bytes);
    expect(lines.at(-1)?.nextOffset).toBe(file.length);
  });

  test('a line over the limit is cut, marked and does not shift the offsets', () => {
    const lines = splitAt(Buffer.from(`${'x'.repeat(50)}\nok\n`), 7, { maxLineBytes: 10 });
    expect(lines.map(({ bytes, truncated, offset }) => [bytes.toString(), truncated, offset])).toEqual([
      ['x'.repeat(10), true, 0],
      ['ok', false, 51],
    ]);
  });

  test('continues at an offset', () => {
    const first = splitAt(file, 4)[2];
    const splitter = new LineSplitter({ maxLineBytes: 1000, startOffset: first?.offset ?? 0, startLine: 2 });
    expect(splitter.push(file.subarray(first?.offset))).toEqual([first]);
  });
});
