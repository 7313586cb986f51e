import { expect, test } from '@jest/globals';
import { startRunningExports } from '../../testing/start-running-exports.ts';

const status = { path: '/bulkstatus/', method: 'GET' };

test.concurrent('the log says why an export was slow and why a file failed', async () => {
  await using system = await startRunningExports();
  const ehrError = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'throttled', diagnostics: 'try later' }],
  };
  await system.inject(status, { kind: 'status', status: 429, retryAfter: '1', body: ehrError }, { times: 2 });
  await system.inject('/bulkdata/.*Patient', { kind: 'status', status: 410 }, { times: 'always' });
  const id = await system.startExport({ resourceTypes: ['Patient', 'Observation'] }, { by: 'operator' });
  await system.settled(id);
  const log = await system.log(id);
  expect(log.map(({ kind, phase, code }) => phase ?? `${kind} ${code}`)).toEqual([
    'queued',
    'kicking-off',
    'exporting',
    // Two requests in a row failed in the same way.
    'waiting ehr-throttled',
    'downloading',
    expect.stringMatching(/^file-failed /),
    'finalizing',
    'warning files-failed',
    'warning watermarks-held',
    'completed',
  ]);
  expect(log[0]?.by).toBe('operator');
  expect(log[3]).toMatchObject({
    attempts: 1,
    nextAttemptAt: expect.any(String),
    ehrText: expect.stringContaining('try later'),
  });
  expect(log[5]).toMatchObject({
    resourceType: 'Patient',
    fileId: expect.stringContaining(id),
    message: expect.any(String),
  });
  const times = log.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((left, right) => left - right));
  const seenByClient = await system.log(id, { isOperator: false });
  expect(seenByClient).toHaveLength(log.length);
  expect(JSON.stringify(seenByClient)).not.toContain('try later');
});

test.concurrent('the log names who has cancelled and who has retried an export', async () => {
  await using system = await startRunningExports({
    hasWorker: false,
    simulator: { exportSeconds: 60 },
    kickOffWaitMs: 1000,
  });
  const cancelled = await system.startExport({ resourceTypes: ['Patient'] }, { by: 'operator' });
  await system.cancel(cancelled, 'night shift');
  expect(await system.log(cancelled)).toMatchObject([
    { phase: 'queued', by: 'operator' },
    { phase: 'cancelled', by: 'night shift' },
  ]);
  await system.inject('export$', { kind: 'status', status: 400 }, { times: 'always' });
  system.startWorker();
  const failed = await system.startExport({ resourceTypes: ['Patient'] });
  const { errorCode } = await system.settled(failed);
  await system.retry(failed, 'night shift');
  const log = await system.log(failed);
  const end = log.find(({ phase }) => phase === 'failed');
  expect(end).toMatchObject({ code: errorCode, message: expect.any(String) });
  expect(log.find(({ by }) => by === 'night shift')).toMatchObject({ phase: 'queued' });
});

test.concurrent('the progress that the EHR reports is in the log each time that it changes', async () => {
  await using system = await startRunningExports();
  const reported = ['10 % done', '10 % done', '60 % done'];
  for (const [after, progress] of reported.entries())
    await system.inject(status, { kind: 'status', status: 202, headers: { 'x-progress': progress } }, { after });
  const id = await system.startExport({ resourceTypes: ['Patient'] });
  await system.settled(id);
  const shown = (await system.log(id)).filter(({ kind }) => kind === 'progress');
  const texts = shown.map(({ message }) => message);
  expect(texts.slice(0, 2)).toEqual([expect.stringContaining('10 % done'), expect.stringContaining('60 % done')]);
  expect(new Set(texts).size).toBe(texts.length);
});

test.concurrent('an export keeps the last 200 events of itself and of its files, and the same warning once', async () => {
  await using system = await startRunningExports({ hasWorker: false, kickOffWaitMs: 0 });
  const id = await system.startExport();
  const { bulkExports } = system.store;
  for (let n = 0; n < 210; n++) {
    await bulkExports.noteFileEvent({ id, event: { kind: 'file-waiting', code: `${n}` } });
    await bulkExports.warn({ id, code: 'export-slow', message: 'It is slow.' });
  }
  const log = await bulkExports.listEvents(id);
  expect(log.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
  expect(log.filter(({ kind }) => kind === 'phase')).toHaveLength(1);
  const files = log.filter(({ kind }) => kind === 'file-waiting').map(({ code }) => code);
  expect(files).toHaveLength(200);
  expect([files[0], files.at(-1)]).toEqual(['10', '209']);
  const record = await bulkExports.find(id);
  expect(record).not.toHaveProperty('events');
  expect(record?.warnings).toEqual([{ code: 'export-slow', message: 'It is slow.' }]);
});
