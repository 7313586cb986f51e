import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createLogger, currentLogContext, withLogContext } from './logger.ts';

describe('the log context', () => {
  test('is empty outside, grows inside, and is what it was afterwards', () => {
    expect(currentLogContext()).toEqual({});
    withLogContext({ requestId: 'r', exportId: 'a' }, () => {
      withLogContext({ exportId: 'b', fileId: 'f' }, () => {
        expect(currentLogContext()).toEqual({ requestId: 'r', exportId: 'b', fileId: 'f' });
      });
      expect(currentLogContext()).toEqual({ requestId: 'r', exportId: 'a' });
    });
    expect(currentLogContext()).toEqual({});
  });

  test("is each job's own, however they interleave, and gives back what the work gives", async () => {
    const job = async (jobId: string) => {
      await setTimeout(1);
      return currentLogContext().jobId === jobId;
    };
    const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`);
    expect(await Promise.all(ids.map((jobId) => withLogContext({ jobId }, () => job(jobId))))).toEqual(
      ids.map(() => true),
    );
  });

  test("is on every line, under the line's own fields", () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } });
    withLogContext({ requestId: 'r', status: 1 }, () => logger.info('answered', { status: 202 }));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: 'r', status: 202 });
  });
});
