import { describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { type BsonLine, BsonLines, BufferPool } from './bson-lines.ts';
import { hashKey, numbersPerMember } from './transcode-json.ts';

const { BSON } = mongoose.mongo;
const add = (lines: BsonLines, value: object) => lines.add(Buffer.from(JSON.stringify(value)));
const read = (line: BsonLine | undefined) => line && BSON.deserialize(line.buffer.subarray(line.start, line.end));

describe('BsonLines', () => {
  test('keeps every line of a batch, whatever its size', () => {
    const lines = new BsonLines(new BufferPool());
    const values = [10, 100_000, 200_000, 10, 300_000, 10, 1_000_000, 250_000].map((length, id) => ({
      id,
      text: 'x'.repeat(length),
    }));
    const added = values.map((value) => add(lines, value));
    expect(added.map(read)).toEqual(values);
  });

  test('keeps the members of every line, of more lines than fit into the usual array', () => {
    const lines = new BsonLines(new BufferPool());
    const values = Array.from({ length: 300 }, (_, id) =>
      Object.fromEntries(Array.from({ length: 1 + (id % 64) }, (_, index) => [`e${index}`, id])),
    );
    const added = values.map((value) => add(lines, value) as BsonLine);
    const keysOf = ({ members, membersStart, membersEnd }: BsonLine) =>
      [...members.subarray(membersStart, membersEnd)].filter((_, index) => index % numbersPerMember === 0);
    expect(added.map(keysOf)).toEqual(
      values.map((value) => Object.keys(value).map((key) => hashKey(Buffer.from(key)))),
    );
  });

  test('declines a line that is not an ordinary JSON object, and takes the next one', () => {
    const lines = new BsonLines(new BufferPool());
    expect(lines.add(Buffer.from('[]'))).toBeUndefined();
    expect(lines.add(Buffer.from(`{"a":"${'x'.repeat(300_000)}`))).toBeUndefined();
    expect(read(add(lines, { id: 1 }))).toEqual({ id: 1 });
  });

  test('gives its buffers back when it is released, so that the next batch uses them', () => {
    const pool = new BufferPool();
    const first = new BsonLines(pool);
    const { buffer } = add(first, { id: 1 }) as BsonLine;
    first.release();
    expect(add(new BsonLines(pool), { id: 2 })?.buffer).toBe(buffer);
    expect(add(new BsonLines(pool), { id: 3 })?.buffer).not.toBe(buffer);
  });

  test('gives its buffer back even if every line was declined', () => {
    const pool = new BufferPool();
    const buffer = pool.take();
    pool.giveBack([buffer]);
    const declined = new BsonLines(pool);
    expect(declined.add(Buffer.from('[]'))).toBeUndefined();
    declined.release();
    expect(pool.take()).toBe(buffer);
  });

  test('does not keep the buffer of a line that is larger than a buffer of the pool', () => {
    const pool = new BufferPool();
    const lines = new BsonLines(pool);
    const large = add(lines, { text: 'x'.repeat(300_000) });
    lines.release();
    for (let taken = 0; taken < 3; taken++) expect(pool.take()).not.toBe(large?.buffer);
  });
});
