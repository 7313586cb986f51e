import { buffer } from 'node:stream/consumers';
import { firstAttempt } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { finalizeSync, replaySearchEntry, runSyncStep } from '../steps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { marksOf, onePatient, patients, plan, progress, retry, standard, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

/** Makes the simulator answer with `body` instead of a page of Conditions. */
const answerConditions = (body: object, { after = 0 } = {}) =>
  cases.inject('r4/Condition$', { kind: 'status', status: 200, body }, { after });

describe('a page that the server has forgotten', () => {
  const forgetPage = (after: number) =>
    cases.inject('r4/Observation$', { kind: 'status', status: 410, body: {} }, { after });

  test('a search restarts once if the server has forgotten its next page, and counts each stored resource once', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await forgetPage(1);
    const { phase, byType } = await sync(cases, { includeEnhanced: false });
    expect(phase).toBe('completed');
    const observations = byType.get('Observation');
    expect(observations?.fetched).toBe((await cases.control.types()).Observation);
    // The first page, which was read in vain, and the refused page.
    expect(observations?.requests).toBe((observations?.pages ?? 0) + 2);
  });

  test('a search fails alone if the server has forgotten its next page twice', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await forgetPage(1);
    await forgetPage(3);
    const { phase, byType } = await sync(cases, onePatient);
    expect(phase).toBe('partial');
    expect(byType.get('Observation')).toMatchObject({ failed: 1, completed: 0 });
    expect(byType.get('Condition')).toMatchObject({ failed: 0, completed: 1 });
  });
});

test.each([
  { clock: 'had the right time', aheadDays: 0 },
  { clock: 'was days ahead', aheadDays: 5 },
])("a sync stores what changed after the last one, in which the EHR's clock $clock", async ({ aheadDays }) => {
  cases = await startUseCases();
  const date = new Date(Date.now() + aheadDays * 24 * 60 * 60_000).toUTCString();
  await cases.inject('r4/Condition$', { kind: 'headers', set: { date } });
  expect((await sync(cases, onePatient)).phase).toBe('completed');
  const condition = { resourceType: 'Condition', id: 'later', subject: { reference: `Patient/${patients[0]}` } };
  await cases.control.put('Condition/later', JSON.stringify(condition));
  expect((await sync(cases, onePatient)).phase).toBe('completed');
  const { id: connectionId } = cases.connection;
  const reference = { connectionId, resourceType: 'Condition', resourceId: 'later' };
  expect(await cases.deps.store.resources.read(reference)).toBeDefined();
});

describe('a page with a wrong format', () => {
  const bundle = (change: object) => ({ resourceType: 'Bundle', type: 'searchset', ...change });
  const condition = (id: string) => ({
    resource: { resourceType: 'Condition', id, subject: { reference: `Patient/${patients[0]}` } },
  });

  test.each([
    {
      what: 'entries that are an object',
      body: bundle({ entry: { a: condition('a') } }),
      fault: '`entry` is not an array',
    },
    { what: 'entries that are null', body: bundle({ entry: null }), fault: '`entry` is not an array' },
    { what: 'a null among its entries', body: bundle({ entry: [condition('a'), null] }), fault: 'not an object' },
    { what: 'links that are an object', body: bundle({ link: { relation: 'next' } }), fault: '`link` is not an array' },
    { what: 'a next link without a URL', body: bundle({ link: [{ relation: 'next' }] }), fault: 'without a URL' },
    {
      what: 'a next link to nowhere',
      body: bundle({ link: [{ relation: 'next', url: 'http://' }] }),
      fault: 'not valid',
    },
    {
      what: 'another type of Bundle',
      body: bundle({ type: 'history', entry: [condition('a')] }),
      fault: '"searchset"',
    },
  ])('a search fails and its crawl mark stays if a page has $what', async ({ body, fault }) => {
    cases = await startUseCases();
    await answerConditions(body);
    const { run, phase, byType } = await sync(cases, onePatient);
    expect(phase).toBe('partial');
    expect(run.error).toMatchObject({ code: 'search-not-understood', message: expect.stringContaining(fault) });
    expect(byType.get('Condition')).toMatchObject({ failed: 1, completed: 0 });
    expect(Object.keys(await marksOf(cases, patients[0] ?? ''))).not.toContain('Condition');

    const retried = await retry(cases, run);
    expect([retried.phase, retried.run.error]).toEqual(['completed', undefined]);
    expect(Object.keys(await marksOf(cases, patients[0] ?? ''))).toContain('Condition');
  });

  test('a page with neither entries nor a total is an empty page', async () => {
    cases = await startUseCases();
    await answerConditions(bundle({}));
    const { phase, byType } = await sync(cases, onePatient);
    expect([phase, byType.get('Condition')]).toEqual([
      'completed',
      expect.objectContaining({ completed: 1, fetched: 0 }),
    ]);
  });

  test('an entry that is nested far too deeply is quarantined alone', async () => {
    cases = await startUseCases();
    const nested = Array.from({ length: 3000 }).reduce((inner: unknown) => [inner], 1);
    const { resource } = condition('deep');
    await answerConditions(
      bundle({ entry: [condition('a'), { resource: { ...resource, note: nested } }, condition('b')] }),
    );
    const { phase, byType } = await sync(cases, onePatient);
    expect(phase).toBe('completed');
    expect(byType.get('Condition')).toMatchObject({ fetched: 3, stored: 2, rejected: 1 });
  });

  test('a run warns of later versions that are incomplete, with their type', async () => {
    cases = await startUseCases();
    const at = (lastUpdated: string, tag?: object[]) => {
      const { resource } = condition('a');
      return bundle({ entry: [{ resource: { ...resource, meta: { lastUpdated, ...(tag ? { tag } : {}) } } }] });
    };
    await answerConditions(at('2024-01-01T00:00:00Z'));
    await sync(cases, onePatient);
    await cases.control.cancelOrders();
    await answerConditions(at('2024-02-01T00:00:00Z', [{ code: 'SUBSETTED' }]));
    const { run, phase, byType } = await sync(cases, onePatient);
    expect(phase).toBe('completed');
    expect(run.warnings).toMatchObject([
      { code: 'versions-incomplete', message: expect.stringContaining('1 Condition') },
    ]);
    expect(byType.get('Condition')).toMatchObject({ stale: 1, laterIncomplete: 1, stored: 0 });
  });

  test('a run warns if the EHR promises more matches than it sends, and a retry requests all of them', async () => {
    cases = await startUseCases();
    const included = { resource: { resourceType: 'Condition', id: 'x' }, search: { mode: 'include' } };
    await answerConditions(
      bundle({ total: 3, entry: [condition('a'), { ...condition('b'), search: { mode: 'match' } }, included] }),
    );
    const { run, phase, byType } = await sync(cases, onePatient);
    expect(phase).toBe('partial');
    const warning = {
      code: 'search-incomplete',
      message: expect.stringMatching(/^Condition: .* 3 resources and sent 2\./),
    };
    expect(run).toMatchObject({ warnings: [warning], error: warning });
    expect(byType.get('Condition')).toMatchObject({ incomplete: 1, completed: 0, failed: 0, stored: 3 });
    const marks = await marksOf(cases, patients[0] ?? '');
    expect(Object.keys(marks)).toContain('Observation');
    expect(Object.keys(marks)).not.toContain('Condition');

    const retried = await retry(cases, run);
    expect(retried).toMatchObject({ phase: 'completed', run: { warnings: [] } });
    expect(retried.byType.get('Condition')).toMatchObject({ incomplete: 0, completed: 1 });
    expect(Object.keys(await marksOf(cases, patients[0] ?? ''))).toContain('Condition');
  });

  test('the matches of all pages are counted against the total', async () => {
    cases = await startUseCases();
    const url = `${cases.simulator.fhirEndpoint}/Condition?page=2`;
    await answerConditions(bundle({ total: 2, entry: [condition('a')], link: [{ relation: 'next', url }] }));
    await answerConditions(bundle({ entry: [condition('b')] }), { after: 1 });
    expect(await sync(cases, onePatient)).toMatchObject({ phase: 'completed', run: { warnings: [] } });
  });
});

describe('an entry that cannot be stored', () => {
  const condition = (id: unknown, change: object = {}) => ({ resourceType: 'Condition', id, ...change });
  const page = (resources: readonly unknown[], change: object = {}) => ({
    resourceType: 'Bundle',
    entry: resources.map((resource) => ({ resource })),
    ...change,
  });
  const listSteps = async (run: SyncRun) => {
    const { quarantine } = cases.deps.store;
    return quarantine.list({ filter: { runId: run.id }, scope: 'all', limit: 100 });
  };

  test('an entry that cannot be stored is quarantined with its place and reason, and the run says how many there are', async () => {
    cases = await startUseCases();
    const nul = { '\0': 1 };
    const deep = JSON.parse(`${'['.repeat(120)}${']'.repeat(120)}`);
    const bad = [
      { resource: condition('x'.repeat(129)), reason: 'no-id' },
      { resource: condition(undefined), reason: 'no-id' },
      { resource: { resourceType: 'Device', id: 'd' }, reason: 'wrong-resource-type' },
      { resource: condition('large', { note: 'x'.repeat(17 * 1024 * 1024) }), reason: 'too-large' },
      { resource: condition('nul', { extension: [nul] }), reason: 'nul-in-key' },
      { resource: condition('deep', { deep }), reason: 'too-deep' },
      { resource: null, reason: 'not-an-object' },
    ];
    const body = page([condition('good'), ...bad.map(({ resource }) => resource)]);
    await answerConditions({ ...body, entry: [...body.entry, { fullUrl: 'urn:uuid:1' }] });
    const { run, phase, byType } = await sync(cases, onePatient);
    const warning = {
      code: 'entries-rejected',
      message: expect.stringMatching(new RegExp(`^8 entries .*${run.id}\\.$`)),
    };
    expect([phase, run.warnings]).toEqual(['completed', [warning]]);
    expect(byType.get('Condition')).toMatchObject({ fetched: 9, stored: 1, rejected: 8, failed: 0 });

    const entries = await listSteps(run);
    const reasons = [...bad.map(({ reason }) => reason), 'no-resource-type'];
    expect(entries.map(({ offset, reason }) => [offset, reason])).toEqual(
      reasons.map((reason, index) => [index + 1, reason]),
    );
    const { stepId = '' } = entries[0] ?? {};
    expect(stepId).toContain(run.id);
    expect(entries[0]).toMatchObject({
      source: 'sync',
      resourceType: 'Condition',
      fileId: `${stepId}.Condition`,
      line: 1,
    });
    const { store } = cases.deps;
    const text = (await buffer(await store.quarantine.openBytes(entries[2]?.id ?? ''))).toString();
    expect(JSON.parse(text)).toEqual({ resourceType: 'Device', id: 'd' });
    const large = await buffer(await store.quarantine.openBytes(entries[3]?.id ?? ''));
    expect(large).toHaveLength(entries[3]?.sizeBytes ?? 0);
  });

  test('a search stops before it fills the quarantine if most of its entries are bad, and a retry starts at its first page', async () => {
    cases = await startUseCases();
    await answerConditions({ resourceType: 'Bundle', entry: Array.from({ length: 10_000 }, () => ({})) });
    const { run, phase, byType } = await sync(cases, onePatient);
    expect([phase, run.error?.code]).toEqual(['partial', 'too-many-bad-entries']);
    expect(byType.get('Observation')).toMatchObject({ completed: 1 });
    const { fetched = 0, rejected = 0 } = byType.get('Condition') ?? {};
    expect([rejected, rejected <= 1200]).toEqual([fetched, true]);
    const { quarantine } = cases.deps.store;
    const count = async () => (await quarantine.list({ filter: { runId: run.id }, scope: 'all', limit: 5000 })).length;
    expect(await count()).toBe(rejected);

    const retried = await retry(cases, run);
    expect([retried.phase, retried.byType.get('Condition')?.rejected, await count()]).toEqual(['completed', 0, 0]);
  });

  test('a quarantined entry can be replayed: it stays open with the reason, or is stored and counted', async () => {
    cases = await startUseCases();
    await answerConditions(page([condition(undefined), condition('large', { note: 'x'.repeat(17 * 1024 * 1024) })]));
    const { run } = await sync(cases, onePatient);
    const { quarantine, resources, syncSteps } = cases.deps.store;
    const [first, large] = await listSteps(run);
    const replay = async (id = '', correction?: object) => {
      if (correction) await quarantine.saveCorrection({ id, bytes: Buffer.from(JSON.stringify(correction)) });
      const entry = await quarantine.find(id);
      if (entry) await replaySearchEntry(cases.deps, entry);
      return quarantine.find(id);
    };
    expect(await replay(first?.id)).toMatchObject({ state: 'open', replay: { reason: 'no-id' } });
    expect(await replay(large?.id)).toMatchObject({ state: 'open', replay: { reason: 'too-large' } });
    expect(await replay(first?.id, { resourceType: 'Device', id: 'd' })).toMatchObject({ state: 'open' });
    for (let times = 0; times < 2; times++)
      expect(await replay(first?.id, condition('mended'))).toMatchObject({ state: 'replayed', isCorrected: true });
    const reference = { connectionId: cases.connection.id, resourceType: 'Condition', resourceId: 'mended' };
    const { deleted, resource } = (await resources.read(reference)) ?? {};
    expect({ deleted, resource }).toEqual({ deleted: false, resource: condition('mended') });
    expect(await resources.readSources(reference)).toMatchObject([
      { source: { syncRunId: run.id, stepId: first?.stepId } },
    ]);
    const counts = await syncSteps.sumByType(run.id);
    const conditions = counts.find(({ resourceType }) => resourceType === 'Condition');
    expect(conditions).toMatchObject({ fetched: 2, stored: 1, rejected: 1 });
  });

  test('a quarantined entry is not listed twice if its search restarts at its first page', async () => {
    cases = await startUseCases();
    const url = `${cases.simulator.fhirEndpoint}/Condition?page=2`;
    await answerConditions(page([condition(undefined)], { link: [{ relation: 'next', url }] }));
    await cases.inject('r4/Condition$', { kind: 'status', status: 410, body: {} }, { after: 1 });
    // The same entry is now at another position.
    await answerConditions(page([condition('good'), condition(undefined)]), { after: 2 });
    const { run, byType } = await sync(cases, onePatient);
    expect(byType.get('Condition')).toMatchObject({ fetched: 2, stored: 1, rejected: 1 });
    expect(await listSteps(run)).toMatchObject([{ line: 1, offset: 1 }]);
  });
});

describe('pages that lead back to an earlier page', () => {
  const page = (number: number) => `${cases.simulator.fhirEndpoint}/Condition?page=${number}`;

  /** Makes the search of Conditions return the pages 1, 2, 3, 2, 3, ... */
  async function injectCycle(): Promise<void> {
    for (let index = 0; index < 20; index++) {
      const link = [{ relation: 'next', url: page(2 + (index % 2)) }];
      await answerConditions({ resourceType: 'Bundle', link }, { after: index });
    }
  }

  test('a search fails if its pages lead back to an earlier page, and a retry starts at its first page', async () => {
    cases = await startUseCases();
    await injectCycle();
    const { run, phase, byType } = await sync(cases, onePatient);
    expect([phase, run.error?.code]).toEqual(['partial', 'search-loops']);
    expect(byType.get('Condition')).toMatchObject({ failed: 1 });
    expect(byType.get('Condition')?.pages).toBeLessThan(10);
    expect(Object.keys(await marksOf(cases, patients[0] ?? ''))).not.toContain('Condition');

    await cases.control.cancelOrders();
    const retried = await retry(cases, run);
    expect(retried.phase).toBe('completed');
    expect(retried.byType.get('Condition')).toMatchObject({ pages: 1, failed: 0 });
  });

  test('a cycle of pages is found even if the worker restarts after every page', async () => {
    cases = await startUseCases();
    await injectCycle();
    const { store } = cases.deps;
    const run = await plan(cases, onePatient);
    let restarts = 0;
    for (;;) {
      const [stepId] = await store.syncSteps.listUnsettledIds(run.id);
      if (stepId === undefined) break;
      const stop = new AbortController();
      // The process stops after it has stored a page.
      const saveSearches: typeof store.syncSteps.saveSearches = async (...saved) => {
        const isSaved = await store.syncSteps.saveSearches(...saved);
        stop.abort(new Error('the process is stopping'));
        return isSaved;
      };
      const syncSteps = withMethods(store.syncSteps, { saveSearches });
      const deps = { ...cases.deps, store: { ...store, syncSteps } };
      await runSyncStep(deps, { stepId, retryAt: firstAttempt, progress, signal: stop.signal }).catch(() => undefined);
      restarts += 1;
      if (restarts === 100) throw new Error('the search does not end');
    }
    // One page of each type, and at least the pages 1, 2, 3 and 2 of the cycle.
    expect(restarts).toBeGreaterThanOrEqual(standard.length + 4);
    await finalizeSync(cases.deps, { syncRunId: run.id });
    expect(await store.syncRuns.find(run.id)).toMatchObject({ phase: 'partial', error: { code: 'search-loops' } });
  });
});
