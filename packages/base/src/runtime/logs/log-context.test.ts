import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createLogger, currentLogContext, withLogContext } from './logger.ts';

test('the log context is empty outside, extended inside, and restored afterwards', () => {
  expect(currentLogContext()).toEqual({});
  withLogContext({ requestId: 'r', exportId: 'a' }, () => {
    withLogContext({ exportId: 'b', fileId: 'f' }, () => {
      expect(currentLogContext()).toEqual({ requestId: 'r', exportId: 'b', fileId: 'f' });
    });
    expect(currentLogContext()).toEqual({ requestId: 'r', exportId: 'a' });
  });
  expect(currentLogContext()).toEqual({});
});

test('interleaved jobs each have their own log context, and withLogContext returns their result', async () => {
  const job = async (jobId: string) => {
    await setTimeout(1);
    return currentLogContext().jobId === jobId;
  };
  const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`);
  expect(await Promise.all(ids.map((jobId) => withLogContext({ jobId }, () => job(jobId))))).toEqual(
    ids.map(() => true),
  );
});

test('every log line has the fields of the log context, which its own fields override', () => {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } });
  withLogContext({ requestId: 'r', status: 1 }, () => logger.info('answered', { status: 202 }));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: 'r', status: 202 });
});
