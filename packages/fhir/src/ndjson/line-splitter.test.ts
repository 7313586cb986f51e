import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter, type LongLinePart, type NdjsonLine } from './line-splitter.ts';

interface Split {
  readonly lines: NdjsonLine[];
  readonly parts: LongLinePart[];
}

function split(chunks: readonly Buffer[], options = { maxLineBytes: 1000 }): Split {
  const splitter = new LineSplitter(options);
  const pieces = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  return {
    lines: pieces.filter((piece): piece is NdjsonLine => 'bytes' in piece),
    parts: pieces.filter((piece): piece is LongLinePart => 'part' in piece),
  };
}

function chunked(bytes: Buffer, chunkBytes: number): Buffer[] {
  const count = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes));
}

describe('LineSplitter #ndjson', () => {
  const file = Buffer.from('{"a":"ä😀"}\r\n\n{"b":1}\nlast');

  test.each([1, 2, 3, 7, 1000])('LineSplitter gives the same lines for chunks of %i bytes', (chunkBytes) => {
    const { lines } = split(chunked(file, chunkBytes));
    expect(lines.map(({ bytes }) => bytes.toString())).toEqual(['{"a":"ä😀"}', '', '{"b":1}', 'last']);
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    for (const { offset, bytes } of lines) expect(file.subarray(offset, offset + bytes.length)).toEqual(bytes);
    expect(lines.at(-1)?.nextOffset).toBe(file.length);
  });

  test('a line over the limit comes in parts, marked, and does not shift the offsets', () => {
    const { lines, parts } = split(chunked(Buffer.from(`${'x'.repeat(50)}\nok\n`), 7), { maxLineBytes: 10 });
    expect(lines).toMatchObject([
      { isTooLong: true, offset: 0, sizeBytes: 50, line: 1 },
      { isTooLong: false, offset: 51, line: 2 },
    ]);
    expect(Buffer.concat(parts.map(({ part }) => part)).toString()).toBe('x'.repeat(50));
    // The first part contains the bytes kept up to the limit, and each other part is one chunk. No part is larger than both
    // together.
    expect(Math.max(...parts.map(({ part }) => part.length))).toBeLessThanOrEqual(10 + 7);
  });

  test('LineSplitter continues at an offset', () => {
    const [, , third] = split(chunked(file, 4)).lines;
    const splitter = new LineSplitter({ maxLineBytes: 1000, startOffset: third?.offset ?? 0, startLine: 2 });
    expect(splitter.push(file.subarray(third?.offset))).toEqual([third]);
  });

  test('property: any bytes in any chunks give every byte back, at its place', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) =>
      // A tenth of the bytes are line ends, so most lines are short.
      Buffer.from(array.map((byte) => (byte % 10 === 0 ? 0x0a : byte))),
    );
    const limit = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 80 }), limit, (text, chunkBytes, maxLineBytes) => {
        const { lines, parts } = split(chunked(text, chunkBytes), { maxLineBytes });

        const expected = text.toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map((line) => restore(line, parts))).toEqual(expected.map((line) => line.replace(/\r$/, '')));
        for (const [index, { offset, nextOffset, line }] of lines.entries()) {
          expect(line).toBe(index + 1);
          expect(offset).toBe(lines[index - 1]?.nextOffset ?? 0);
          expect(index === lines.length - 1 ? nextOffset : offset).toBeLessThanOrEqual(text.length);
        }
        expect(lines.at(-1)?.nextOffset ?? 0).toBe(text.length);
      }),
    );
  });

  test('property: splitting on from any line is the same as splitting from the start', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(texts, fc.nat(), fc.integer({ min: 1, max: 30 }), (lines, from, chunkBytes) => {
        const text = Buffer.from(lines.map((text) => text.replaceAll('\n', '')).join('\n'));
        const all = split(chunked(text, chunkBytes)).lines;
        const start = all[from % Math.max(all.length, 1)];
        if (!start) return;
        const splitter = new LineSplitter({ maxLineBytes: 1000, startOffset: start.offset, startLine: start.line - 1 });
        const rest = chunked(text.subarray(start.offset), chunkBytes).flatMap((chunk) => splitter.push(chunk));
        expect([...rest, ...splitter.end()]).toEqual(all.slice(start.line - 1));
      }),
    );
  });
});

function restore({ isTooLong, bytes, line }: NdjsonLine, parts: readonly LongLinePart[]): string {
  const bytesOfLine = isTooLong
    ? Buffer.concat(parts.filter((part) => part.line === line).map(({ part }) => part))
    : bytes;
  return bytesOfLine.toString('latin1').replace(/\r$/, '');
}
