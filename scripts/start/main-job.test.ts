import { expect, test } from '@jest/globals';
import { type ApiClient, ApiError } from '../system/api-client.ts';
import { runMainJob, toStoredText } from './main-job.ts';

const counts = { files: 2, filesCompleted: 2, promised: 10, stored: 10 };
const makeView = (status: string) => ({ id: 'job_2', status, phase: 'x', counts, warnings: [] });
const options = { connectionId: 'conn_1', since: undefined, progress: () => undefined };

test('an interrupt ends the wait for an export that is still running', async () => {
  const api = (async () => makeView('IN_PROGRESS')) as ApiClient;
  const interrupted = new AbortController();
  const progress = () => interrupted.abort();
  const run = runMainJob({ ...options, api, progress, signal: interrupted.signal });
  await expect(run).rejects.toThrow('interrupted; stored resources are kept');
});

const conflict = new ApiError({
  status: 409,
  code: 'export-already-running',
  message: '',
  details: { exportId: 'job_1' },
});

test('runMainJob cancels an export that an earlier start left unfinished, and starts a new one', async () => {
  const calls: string[] = [];
  let isLeft = true;
  const api = (async (method: string, path: string) => {
    calls.push(`${method} ${path.split('/').at(-1)}`);
    if (method === 'DELETE') isLeft = false;
    if (method === 'POST' && isLeft) throw conflict;
    return makeView('COMPLETED');
  }) as ApiClient;
  expect(await runMainJob({ ...options, api })).toEqual(expect.objectContaining({ exportId: 'job_2', stored: 10 }));
  expect(calls).toEqual(['POST bulk-export', 'DELETE job_1', 'POST bulk-export', 'GET job_2']);
});

test.each([
  { view: {}, expected: { stored: 10, promised: 10, partial: false } },
  { view: { partial: true }, expected: { partial: true } },
  { view: { counts: { ...counts, promised: 0 } }, expected: { stored: 10, promised: 0, partial: false } },
  { view: { status: 'FAILED', errorMessage: 'It broke.' }, expected: { reason: 'It broke.' } },
])('runMainJob returns $expected for an export that ended as $view', async ({ view, expected }) => {
  const api = (async () => ({ ...makeView('COMPLETED'), ...view })) as ApiClient;
  expect(await runMainJob({ ...options, api })).toMatchObject(expected);
});

test('toStoredText shows the number of stored resources, and the promised number if the server gave counts', () => {
  expect(toStoredText({ stored: 1540, promised: 2000 })).toBe('1,540 of 2,000');
  expect(toStoredText({ stored: 154, promised: 0 })).toBe('154');
});

test('runMainJob omits the promised number from the progress of an export if the server gave no counts', async () => {
  const messages: string[] = [];
  const api = (async () => ({ ...makeView('COMPLETED'), counts: { ...counts, promised: 0 } })) as ApiClient;
  await runMainJob({ ...options, api, progress: (text) => messages.push(text) });
  expect(messages).toEqual(['x: 2 of 2 files, 10 resources']);
});
