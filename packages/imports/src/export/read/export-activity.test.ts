import { expect, test } from '@jest/globals';
import { makeBulkExport } from '../testing/index.ts';
import { exportActivity } from './export-activity.ts';

const at = new Date('2024-05-01T10:42:00Z');

test.each([
  { fields: { phase: 'queued' }, message: 'Waiting for a worker to send the kick-off.' },
  {
    fields: { phase: 'kicking-off', timeline: [{ phase: 'kicking-off', at: new Date(at.getTime() - 9_000) }] },
    message: 'A worker sends the kick-off to the EHR.',
  },
  {
    fields: { phase: 'kicking-off', timeline: [{ phase: 'kicking-off', at: new Date(at.getTime() - 44_000) }] },
    message:
      'The EHR has not answered the kick-off for 40 seconds. It is sent again if the EHR does not answer. If this continues, test the connection, and see the status page of the EHR.',
  },
  { fields: { phase: 'exporting', pollCount: 0 }, message: 'The EHR has accepted the kick-off.' },
  {
    fields: { phase: 'exporting', pollCount: 14, notBefore: at },
    progress: '50 % complete',
    message: 'Waiting for the EHR. After 14 status requests it says "50 % complete".',
    until: at.toISOString(),
  },
  {
    fields: { phase: 'exporting', pollCount: 30, progressedAt: new Date(at.getTime() - 12 * 60_000) },
    progress: '50 %',
    message: 'Waiting for the EHR. After 30 status requests it says "50 %", unchanged since 2024-05-01T10:30:00Z.',
  },
  {
    fields: { phase: 'exporting', pollCount: 2, progressedAt: new Date(at.getTime() - 9 * 60_000) },
    message:
      'Waiting for the EHR. After 2 status requests it says that it is not ready, unchanged since 2024-05-01T10:33:00Z.',
  },
  {
    fields: { phase: 'exporting', pollCount: 1, progressedAt: at },
    message: 'Waiting for the EHR. After 1 status request it says that it is not ready.',
  },
  {
    fields: { phase: 'exporting', pollCount: 31, pollReason: 'age' },
    message:
      'Waiting for the EHR. After 31 status requests it says that it is not ready. Status requests become rarer the longer the EHR takes.',
  },
  {
    fields: { phase: 'exporting', pollCount: 31, pollReason: 'usual' },
    message:
      'Waiting for the EHR. After 31 status requests it says that it is not ready. Status requests are rare for now, because earlier exports of this connection took longer.',
  },
  {
    fields: { phase: 'downloading', counts: { files: 20, filesCompleted: 3, filesFailed: 1 } },
    waitingDownloads: 24,
    message: 'Downloading: 4 of 20 files are done. 24 downloads of all exports wait for their turn.',
  },
  { fields: { phase: 'finalizing' }, message: 'All files are done. The counts are compared with the manifest.' },
] as const)('an export with $fields says: $message', ({ fields, message, ...options }) => {
  const { counts } = makeBulkExport();
  const record = makeBulkExport({ ...fields, counts: { ...counts, ...('counts' in fields ? fields.counts : {}) } });
  const { progress, waitingDownloads, until } = {
    progress: undefined,
    waitingDownloads: undefined,
    until: undefined,
    ...options,
  };
  expect(exportActivity({ record, progress, waitingDownloads, now: at })).toEqual({
    message,
    ...(until ? { until } : {}),
  });
});

test('a pause that the EHR has asked for goes before everything else', () => {
  const retrying = {
    state: 'waiting',
    code: 'ehr-throttled',
    message: 'Paused.',
    attempts: 1,
    since: at,
    nextAttemptAt: at,
  } as const;
  const record = makeBulkExport({ phase: 'exporting', pollCount: 3, retrying });
  const activity = exportActivity({ record, progress: undefined, usualMs: 11_400_000 });
  expect(activity).toEqual({ message: 'Paused.', until: at.toISOString(), usualSeconds: 11_400 });
});

const pause = { until: new Date(at.getTime() + 300_000), reason: '429 Too Many Requests' };
const pauseText =
  'The EHR returned "429 Too Many Requests", so no request of this connection is sent until the pause ends. Connections with the same request budget wait too.';
const later = new Date(pause.until.getTime() + 1);
test.each([
  { fields: { phase: 'queued' }, message: pauseText },
  { fields: { phase: 'kicking-off' }, message: pauseText },
  {
    fields: { phase: 'exporting', pollCount: 1, notBefore: at },
    message: `Waiting for the EHR. After 1 status request it says that it is not ready. ${pauseText}`,
  },
  { fields: { phase: 'downloading' }, message: `Downloading: 0 of 0 files are done. ${pauseText}` },
] as const)('an export with $fields shows the pause that delays it, and its end', ({ fields, message }) => {
  const record = makeBulkExport(fields);
  const until = pause.until.toISOString();
  expect(exportActivity({ record, progress: undefined, pause, now: at })).toEqual({ message, until });
});

test.each([{ phase: 'exporting', pollCount: 1, notBefore: later }, { phase: 'finalizing' }] as const)(
  'a pause that does not delay an export with %o is not shown',
  (fields) => {
    const record = makeBulkExport(fields);
    const activity = exportActivity({ record, progress: undefined, pause, now: at });
    expect(activity?.message).not.toContain('429');
  },
);

test.each(['completed', 'failed', 'cancelled'] as const)('an export that is %s waits for nothing', (phase) => {
  expect(exportActivity({ record: makeBulkExport({ phase }), progress: undefined })).toBeUndefined();
});
