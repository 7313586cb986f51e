import { EhrHttpError } from '@bulkhead/ehr';
import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type BulkExport, emptyCheckpoint, type OutputFile } from '../index.ts';
import { isLinkRefused, refreshLink } from '../steps.ts';
import { bulkRoutes } from '../testing/bulk-routes.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

const refusal = new EhrHttpError({ status: 403, issues: [], retryAfterMs: undefined, host: 'ehr', ehrText: 'refused' });

let server: ScriptedServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

const manifest = (change: object) => ({
  transactionTime: '2024-02-01T00:00:00Z',
  requiresAccessToken: false,
  output: [],
  ...change,
});
const entry = (url: string, change: object = {}) => ({ type: 'Patient', url, ...change });

/** Makes an export with pending files, from a server whose manifest changes after the first read. */
async function download({ first, later = {} }: { readonly first: readonly object[]; readonly later?: object }) {
  const manifests = [{ output: first }, later].map((change) => ({ body: manifest(change) }));
  server = await startScriptedServer({ ...bulkRoutes({}), '/status*': manifests });
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
  const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: [] } });
  await cases.pollOnce(exportId);
  return { record: await cases.read(exportId), files: await cases.deps.store.outputFiles.listByExport(exportId) };
}

const refresh = ({ file, record }: { readonly file: OutputFile | undefined; readonly record: BulkExport }) => {
  if (!file) throw new Error('the export has no such file');
  const { deps, connection } = cases;
  return refreshLink(deps, { file, record, connection, cause: refusal, signal: AbortSignal.timeout(20_000) });
};
const pathOf = ({ url }: Pick<OutputFile, 'url'>) => url.slice(server.url.length);
/** How often the manifest was requested. */
const reads = () => server.requests.filter(({ path }) => path === '/status/1').length;

/** Makes a download of the file that has reached this line. */
async function reachLine(file: OutputFile, lines: number): Promise<OutputFile> {
  const { outputFiles } = cases.deps.store;
  const claim = { id: file.id, claim: `at line ${lines}` };
  await outputFiles.claim(claim, cases.clock.now);
  await outputFiles.saveCheckpoint(claim, { checkpoint: { ...emptyCheckpoint, lines } });
  return (await outputFiles.find(file.id)) as OutputFile;
}

test('an expired link is replaced, with those of all unsettled files, by one request', async () => {
  const { record, files } = await download({
    first: [entry('/a?sig=1'), entry('/b?sig=1'), entry('/c?sig=1')],
    later: { requiresAccessToken: true, output: [entry('/c?sig=2'), entry('/b?sig=2'), entry('/a?sig=2')] },
  });
  const [a, b, c] = files as [OutputFile, OutputFile, OutputFile];
  const completion = { id: c.id, claim: 'done' };
  await cases.deps.store.outputFiles.claim(completion, cases.clock.now);
  const settled = { checkpoint: emptyCheckpoint, hasPromisedCount: true, now: cases.clock.now };
  await cases.deps.store.outputFiles.complete(completion, settled);

  const refreshed = await refresh({ file: a, record });
  expect(refreshed).toMatchObject({ id: a.id, requiresAccessToken: true, linkRefreshedAtLine: 0 });
  expect(pathOf(refreshed)).toBe('/a?sig=2');
  const now = await cases.deps.store.outputFiles.listByExport(record.id);
  expect(now.map(pathOf)).toEqual(['/a?sig=2', '/b?sig=2', '/c?sig=1']);
  // The download of another file finds its new link in the ledger.
  expect(pathOf(await refresh({ file: b, record }))).toBe('/b?sig=2');
  expect(reads()).toBe(2);
});

test('a file fails without a request if its new link is refused before another line is read', async () => {
  const { record, files } = await download({ first: [entry('/a?sig=1')], later: { output: [entry('/a?sig=2')] } });
  const file = await refresh({ file: files[0], record });
  await expect(refresh({ file, record })).rejects.toMatchObject({ code: 'link-expired', retry: 'never' });
  expect(reads()).toBe(2);
});

test('a link is requested again after a line was read with the new one', async () => {
  const { record, files } = await download({ first: [entry('/a?sig=1')] });
  server.answer({ '/status*': ({ count }) => ({ body: manifest({ output: [entry(`/a?sig=${count}`)] }) }) });
  const file = await reachLine(await refresh({ file: files[0], record }), 1);
  expect(pathOf(await refresh({ file, record }))).toBe('/a?sig=3');
});

test('a file fails without a request if it is no longer in the ledger', async () => {
  const { record, files } = await download({ first: [entry('/a')] });
  await cases.deps.store.outputFiles.removeEarlier({ id: record.id, version: record.version + 1 });
  await expect(refresh({ file: files[0], record })).rejects.toMatchObject({ code: 'link-expired' });
  expect(reads()).toBe(1);
});

test.each([
  { what: 'has the same link', later: [entry('/a?sig=1')], code: 'link-expired' },
  { what: 'has no such file', later: [], code: 'link-expired' },
  {
    what: 'has new files that cannot be distinguished',
    later: [entry('/x', { count: 1 }), entry('/y', { count: 1 })],
    code: 'link-ambiguous',
  },
])('a file fails with $code if the new manifest $what', async ({ later, code }) => {
  const first = [entry('/a?sig=1', { count: 1 }), entry('/b?sig=1', { count: 1 })];
  const { record, files } = await download({ first, later: { output: later } });
  await expect(refresh({ file: files[0], record })).rejects.toMatchObject({ code, retry: 'never' });
});

test('a file fails as one without a link if the new manifest has new files only in another section', async () => {
  const { record, files } = await download({
    first: [entry('/a?sig=1', { count: 1 })],
    later: { output: [entry('/a?sig=1', { count: 1 })], error: [entry('/errors')] },
  });
  await expect(refresh({ file: files[0], record })).rejects.toMatchObject({ code: 'link-expired' });
});

test('a manifest of another snapshot means that the export is gone, and no link changes', async () => {
  const { record, files } = await download({
    first: [entry('/a?sig=1')],
    later: { transactionTime: '2024-02-02T00:00:00Z', output: [entry('/a?sig=2')] },
  });
  await expect(refresh({ file: files[0], record })).rejects.toMatchObject({ code: 'export-gone' });
  expect((await cases.deps.store.outputFiles.listByExport(record.id)).map(pathOf)).toEqual(['/a?sig=1']);
});

test.each([
  { answer: '202', status: 202, expected: { code: 'export-gone' } },
  { answer: '403', status: 403, expected: { code: 'link-expired', cause: { status: 403 } } },
  { answer: '404', status: 404, expected: { code: 'export-gone', cause: { status: 404 } } },
  { answer: '410', status: 410, expected: { code: 'export-gone', cause: { status: 410 } } },
  { answer: '500', status: 500, expected: { code: 'ehr-unavailable', retry: 'later' } },
  { answer: '401', status: 401, expected: { status: 401 } },
])('a new read of the manifest that is answered with $answer fails as $expected', async ({ status, expected }) => {
  const { record, files } = await download({ first: [entry('/a')] });
  server.answer({ '/status*': { status } });
  await expect(refresh({ file: files[0], record })).rejects.toMatchObject(expected);
});

describe('a link', () => {
  const refusal = (status: number) =>
    new EhrHttpError({ status, issues: [], retryAfterMs: undefined, host: 'ehr.example' });

  test.each([403, 404, 410])('a link counts as refused if the server answers %i', (status) => {
    expect(isLinkRefused(refusal(status))).toBe(true);
  });

  test.each([
    { what: '400', error: refusal(400) },
    { what: '401', error: refusal(401) },
    { what: '429', error: refusal(429) },
    { what: '500', error: refusal(500) },
    { what: 'no answer', error: Object.assign(new Error('ECONNRESET'), { status: 403 }) },
  ])('a link does not count as refused with $what', ({ error }) => {
    expect(isLinkRefused(error)).toBe(false);
  });
});
