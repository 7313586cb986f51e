import { withMethods } from '@bulkhead/store/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { finalizeExport } from '../finish/finalize-export.job.ts';
import { type BulkExport, emptyCheckpoint, everyType, type OutputFile, type Watermark } from '../index.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';
import { coversNow } from '../watermarks/watermark.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const transactionTime = '2024-01-15T09:00:00+00:00';
const sent = { method: 'GET' as const, isOtherMethodRefused: false, types: [], refusedTypes: [], typeFilters: [] };
const checkpoint = { ...emptyCheckpoint, lines: 2, stored: 2 };
const patients: Partial<OutputFile> = { type: 'Patient', state: 'completed', checkpoint };
const goals: Partial<OutputFile> = { type: 'Goal', state: 'completed', checkpoint };
const failed: Partial<OutputFile> = {
  ...goals,
  state: 'failed',
  error: { code: 'link-expired', message: 'The link is refused.' },
};

/** Makes an export with these files in the state after its last download. */
async function downloaded(files: readonly Partial<OutputFile>[], change: Partial<BulkExport> = {}): Promise<string> {
  cases = await startUseCases();
  const { id: exportId } = await cases.insertExport({
    phase: 'downloading',
    transactionTime,
    statusUrl: 'https://ehr.example/status/1',
    ...change,
    request: { exportType: 'Patient', resourceTypes: ['Patient', 'Goal'], ...change.request },
  });
  await cases.deps.store.outputFiles.insertMissing(files.map((file) => makeOutputFile({ exportId, ...file })));
  return exportId;
}

async function finalize(exportId: string): Promise<BulkExport> {
  await finalizeExport(cases.deps, { exportId });
  return cases.read(exportId);
}

/** The jobs of all queues, each with its name and subject. */
async function jobs(): Promise<string[]> {
  const jobs = await Promise.all(cases.deps.producer.queues.map((queue) => queue.getJobs(['waiting', 'prioritized'])));
  return jobs
    .flat()
    .map(({ name, data }) => `${name} ${data.kind ?? ''} ${data.exportId ?? data.id}`)
    .toSorted();
}
const notify = (exportId: string) => `webhook.notify bulk-export ${exportId}`;
const discard = (exportId: string) => `export.discard  ${exportId}`;
const marks = () => cases.deps.store.watermarks.list({ connectionId: cases.connection.id });
const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const holds = ({ watermarkDecisions = [] }: BulkExport) =>
  Object.fromEntries(watermarkDecisions.map(({ resourceType, reasons }) => [resourceType, reasons]));

async function mark(change: Partial<Watermark>): Promise<void> {
  const at = new Date('2024-01-10T00:00:00Z');
  await cases.deps.store.watermarks.advance({
    connectionId: cases.connection.id,
    exportType: 'Patient',
    resourceType: 'Patient',
    transactionTime: at.toISOString(),
    at,
    deletionsAt: at,
    exportId: 'job_before',
    ...change,
  });
}

test('an export whose files are all stored is completed, its watermarks advance, and the server and clients are notified', async () => {
  const exportId = await downloaded([patients, { ...goals, promisedCount: 2 }]);
  const ended = await finalize(exportId);
  expect(ended).toMatchObject({
    phase: 'completed',
    completedAt: cases.clock.now,
    isPartial: false,
    discard: 'due',
    warnings: [],
    counts: { files: 2, filesCompleted: 2, stored: 4, promised: 2 },
    watermarkDecisions: [
      { resourceType: 'Patient', reasons: [] },
      { resourceType: 'Goal', reasons: [] },
    ],
  });
  expect(ended.timeline?.map(({ phase }) => phase)).toEqual(['finalizing', 'completed']);
  const advanced = { connectionId: 'conn_1', exportType: 'Patient', transactionTime, exportId };
  const at = new Date(transactionTime);
  expect(await marks()).toEqual([
    { ...advanced, resourceType: 'Goal', at, deletionsAt: at },
    { ...advanced, resourceType: 'Patient', at, deletionsAt: at },
  ]);
  expect(await jobs()).toEqual([discard(exportId), notify(exportId)]);
});

test('an export is completed by the job that runs after a crash', async () => {
  const exportId = await downloaded([patients, goals], { phase: 'finalizing' });
  expect(await finalize(exportId)).toMatchObject({ phase: 'completed', version: 2 });
  expect(await marks()).toHaveLength(2);
});

test('an export is completed once by two jobs at the same time', async () => {
  const exportId = await downloaded([patients, goals]);
  await Promise.all([finalize(exportId), finalize(exportId)]);
  const { phase, timeline = [] } = await cases.read(exportId);
  expect([phase, timeline.length]).toEqual(['completed', 2]);
  expect(await jobs()).toEqual([discard(exportId), notify(exportId)]);
});

test('an export without a status URL has nothing to delete at the server', async () => {
  const exportId = await downloaded([patients, goals], { statusUrl: undefined as never });
  expect(await finalize(exportId)).not.toHaveProperty('discard');
  expect(await jobs()).toEqual([notify(exportId)]);
});

test('an export without a transaction time has no watermark', async () => {
  const exportId = await downloaded([patients, goals], { transactionTime: undefined as never });
  expect(await finalize(exportId)).toMatchObject({ phase: 'completed', watermarkDecisions: [] });
  expect(await marks()).toEqual([]);
});

test('an export is completed even if its connection was deleted', async () => {
  const exportId = await downloaded([patients, goals], { connectionId: 'conn_gone' });
  expect(await finalize(exportId)).toMatchObject({ phase: 'completed', isPartial: false });
  expect(await cases.deps.store.watermarks.list({ connectionId: 'conn_gone' })).toHaveLength(2);
});

test.each(['before its watermarks are decided', 'before its ledger is read'])(
  'an export stays cancelled if it is cancelled %s',
  async (when) => {
    const exportId = await downloaded([patients, goals]);
    const { store } = cases.deps;
    const cancel = async () =>
      store.bulkExports.transition({ from: anyPhase(await cases.read(exportId)), to: 'cancelled' });
    const list: typeof store.watermarks.list = async (filter) => {
      if (when === 'before its watermarks are decided') await cancel();
      return store.watermarks.list(filter);
    };
    const listUnsettledIds: typeof store.outputFiles.listUnsettledIds = async (id) => {
      if (when === 'before its ledger is read') await cancel();
      return store.outputFiles.listUnsettledIds(id);
    };
    const disrupted = {
      ...store,
      watermarks: withMethods(store.watermarks, { list }),
      outputFiles: withMethods(store.outputFiles, { listUnsettledIds }),
    };
    await finalizeExport({ ...cases.deps, store: disrupted }, { exportId });
    const ended = await cases.read(exportId);
    expect(ended.phase).toBe('cancelled');
    expect(ended).not.toHaveProperty('completedAt');
    expect(await jobs()).toEqual([]);
  },
);

test.each(['exporting', 'completed', 'failed', 'cancelled'] as const)(
  'an export in the phase %s does not change',
  async (phase) => {
    const exportId = await downloaded([patients, goals], { phase });
    expect(await finalize(exportId)).toMatchObject({ phase, version: 1 });
    expect([await marks(), await jobs()]).toEqual([[], []]);
  },
);

test.each(['pending', 'downloading'] as const)('an export does not change while a file is %s', async (state) => {
  const exportId = await downloaded([patients, { ...goals, state }]);
  expect(await finalize(exportId)).toMatchObject({ phase: 'downloading', version: 1 });
  expect([await marks(), await jobs()]).toEqual([[], []]);
});

test('an unknown export changes nothing', async () => {
  await downloaded([]);
  await finalizeExport(cases.deps, { exportId: 'job_unknown' });
  expect(await jobs()).toEqual([]);
});

test('an export with a failed file is completed with what was stored, and the server keeps its copy for a retry', async () => {
  const exportId = await downloaded([patients, failed]);
  const ended = await finalize(exportId);
  expect(ended).toMatchObject({ phase: 'completed', isPartial: true, counts: { filesFailed: 1 } });
  expect(ended).not.toHaveProperty('discard');
  expect(codes(ended)).toEqual(['files-failed', 'watermarks-held']);
  expect((await marks()).map(({ resourceType }) => resourceType)).toEqual(['Patient']);
  expect(await jobs()).toEqual([notify(exportId)]);
});

test('an export with a failed file deletes its orphans at the server', async () => {
  const exportId = await downloaded([patients, failed], { orphans: ['https://ehr.example/status/0'] });
  expect(await finalize(exportId)).not.toHaveProperty('discard');
  expect(await jobs()).toEqual([discard(exportId), notify(exportId)]);
});

test.each([
  { what: 'no completed file', files: [failed] },
  { what: 'a skipped file', files: [failed, { ...patients, state: 'skipped' as const }] },
])(
  'an export with a failed file and $what fails with the error of the file, and no watermark advances',
  async ({ files }) => {
    const exportId = await downloaded(files);
    const ended = await finalize(exportId);
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'all-files-failed' }, counts: { filesFailed: 1 } });
    expect(ended.error?.message).toContain('The link is refused.');
    expect([await marks(), await jobs()]).toEqual([[], [notify(exportId)]]);
  },
);

test('an export fails if the database has lost files of its manifest, and no watermark advances', async () => {
  const exportId = await downloaded([patients], { manifestFiles: 2 });
  const ended = await finalize(exportId);
  expect(ended).toMatchObject({ phase: 'failed', error: { code: 'ledger-incomplete' }, counts: { files: 1 } });
  expect(ended.error?.message).toContain('1 of the 2 files');
  expect([await marks(), await jobs()]).toEqual([[], [notify(exportId)]]);
});

test('an export without files is completed', async () => {
  const exportId = await downloaded([]);
  expect(await finalize(exportId)).toMatchObject({ phase: 'completed', counts: { files: 0 } });
});

test.each([
  { level: 'Patient', isOfGroup: undefined, held: false },
  { level: 'Patient', isOfGroup: true, held: true },
  { level: 'Group', isOfGroup: undefined, held: true },
  { level: 'Group', isOfGroup: false, held: false },
] as const)(
  'an export without files at the level $level with isOfGroup $isOfGroup holds its watermarks: $held',
  async ({ level, isOfGroup, held }) => {
    const request = { exportType: level, resourceTypes: ['Patient'] };
    const exportId = await downloaded([], { request, ...(isOfGroup === undefined ? {} : { isOfGroup }) });
    expect(holds(await finalize(exportId))).toEqual({ Patient: held ? ['nothing-received'] : [] });
    expect(await marks()).toHaveLength(held ? 0 : 1);
  },
);

test('the warnings of an export include what the EHR reported in its files', async () => {
  const issues = [{ severity: 'warning', code: 'informational', count: 3 }];
  const exportId = await downloaded([patients, { ...goals, checkpoint: { ...checkpoint, issues } }]);
  const ended = await finalize(exportId);
  expect(codes(ended)).toEqual(['reported-by-ehr']);
  expect(ended.warnings[0]?.message).toContain('3');
});

describe('a missing type', () => {
  test.each([
    { name: 'granted and offered', scope: 'system/*.read', offered: ['Patient', 'Goal'], reasons: [] },
    { name: 'granted, with unknown capabilities', scope: 'system/*.read', offered: undefined, reasons: [] },
    { name: 'with unknown scopes', scope: undefined, offered: undefined, reasons: [] },
    { name: 'not granted', scope: 'system/Patient.read', offered: undefined, reasons: ['not-granted'] },
    { name: 'not offered', scope: 'system/*.read', offered: ['Patient'], reasons: ['not-offered'] },
  ])('the watermark of a missing type, $name, is held for $reasons', async ({ scope, offered, reasons }) => {
    const exportId = await downloaded([patients], {
      ...(scope === undefined ? {} : { grantedScope: scope }),
      ...(offered ? { offeredTypes: offered } : {}),
    });
    expect(holds(await finalize(exportId))).toEqual({ Patient: [], Goal: reasons });
  });

  test('the watermark of a missing type that the server refused is held', async () => {
    const exportId = await downloaded([patients], { sent: { ...sent, types: ['Patient'], refusedTypes: ['Goal'] } });
    expect(holds(await finalize(exportId))).toEqual({ Patient: [], Goal: ['type-refused'] });
  });
});

test('a manifest with gaps holds every watermark', async () => {
  const exportId = await downloaded([patients, goals], { manifestGaps: 1 });
  expect(holds(await finalize(exportId))).toEqual({ Patient: ['manifest-gaps'], Goal: ['manifest-gaps'] });
  expect(await marks()).toEqual([]);
});

describe('an export of the changes since a time', () => {
  const since = '2024-01-10T00:00:00Z';
  const request = { exportType: 'Patient', resourceTypes: ['Patient'], since } as const;

  test.each([
    { name: 'that time', change: {}, reasons: [] },
    { name: 'an earlier time', change: { at: new Date('2024-01-09T00:00:00Z') }, reasons: ['gap'] },
    { name: 'another level', change: { exportType: 'System' as const }, reasons: ['gap'] },
    { name: 'another connection', change: { connectionId: 'conn_2' }, reasons: ['gap'] },
    { name: 'another type', change: { resourceType: 'Goal' }, reasons: ['gap'] },
    {
      name: 'every type that its scopes covered',
      change: { resourceType: everyType, coverage: { scope: 'system/Patient.read' } },
      reasons: [],
    },
    {
      name: 'every type, without this one',
      change: { resourceType: everyType, coverage: { scope: 'system/Goal.read' } },
      reasons: ['gap'],
    },
  ])('an export of changes after an export of $name has these gaps: $reasons', async ({ change, reasons }) => {
    const exportId = await downloaded([patients], { request });
    await mark(change);
    expect(holds(await finalize(exportId))).toEqual({ Patient: reasons });
  });

  test('an export of changes has no gap if the server did not support the time', async () => {
    const exportId = await downloaded([patients], { request, sent });
    expect(holds(await finalize(exportId))).toEqual({ Patient: [] });
  });
});

test.each([
  { what: 'a day', earlierBy: 24 * 60 * 60_000, isNoticed: true },
  { what: 'half a minute', earlierBy: 30_000, isNoticed: false },
])(
  'a full export whose time is $what before that of the export before it is partial: $isNoticed',
  async ({ earlierBy, isNoticed }) => {
    const time = new Date(Date.parse(transactionTime) - earlierBy).toISOString();
    const exportId = await downloaded([patients], {
      id: 'job_2',
      transactionTime: time,
      request: { exportType: 'Patient', resourceTypes: ['Patient'] },
    });
    await cases.insertExport({
      id: 'job_1',
      phase: 'completed',
      transactionTime,
      kickOffSentAt: new Date(transactionTime),
    });
    const ended = await finalize(exportId);
    expect(ended.isPartial ?? false).toBe(isNoticed);
    expect(holds(ended)).toEqual({ Patient: isNoticed ? ['clock-went-back'] : [] });
    expect(ended.warnings.some(({ code }) => code === 'ehr-clock-went-back')).toBe(isNoticed);
  },
);

test('an export of changes that ends before its own start shows a clock that went back, also without another export', async () => {
  const since = new Date(Date.parse(transactionTime) + 30_000).toISOString();
  const request = { exportType: 'Patient' as const, resourceTypes: ['Patient'], since, sinceLast: true };
  const exportId = await downloaded([patients], { request, sent: { ...sent, since } });
  await mark({ at: new Date(since), transactionTime: since });
  const ended = await finalize(exportId);
  expect(codes(ended)).toContain('ehr-clock-went-back');
  expect(await marks()).toEqual([]);
});

describe('an export of every type', () => {
  const every = { exportType: 'Patient', resourceTypes: [] } as const;

  test.each([
    {
      scope: 'system/*.read',
      offered: ['Goal', 'Patient'],
      coverage: { scope: 'system/*.read', offered: ['Goal', 'Patient'], types: ['Goal', 'Patient'] },
    },
    { scope: undefined, offered: undefined, coverage: {} },
  ])(
    'the watermark of every type records what the export could cover: $coverage',
    async ({ scope, offered, coverage }) => {
      const exportId = await downloaded([patients, goals], {
        request: every,
        ...(scope === undefined ? {} : { grantedScope: scope }),
        ...(offered ? { offeredTypes: offered } : {}),
      });
      expect(holds(await finalize(exportId))).toEqual({ Patient: [], Goal: [], [everyType]: [] });
      const watermarks = await marks();
      expect(watermarks.map(({ resourceType, coverage: kept }) => [resourceType, kept])).toEqual([
        [everyType, coverage],
        ['Goal', undefined],
        ['Patient', undefined],
      ]);
    },
  );

  test('an earlier export covers the same types only if no scope was granted since', async () => {
    cases = await startUseCases();
    const covers = coversNow({ scope: 'system/Patient.read system/Goal.read' });
    expect(covers({ scope: 'system/*.read' }, everyType)).toBe(true);
    expect(covers({ scope: 'system/Goal.read system/Patient.read' }, everyType)).toBe(true);
    expect(covers({ scope: 'system/Patient.read' }, everyType)).toBe(false);
    expect(covers({ scope: 'system/Patient.read' }, 'Patient')).toBe(true);
    expect(covers({ scope: 'system/Patient.read' }, 'Goal')).toBe(false);
  });
});
