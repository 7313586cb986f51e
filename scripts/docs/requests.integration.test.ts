import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { runMainJob } from '../start/main-job.ts';
import { createApiClient } from '../system/api-client.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { blocksOf, runShell } from './run-shell.fixture.ts';

const root = join(import.meta.dirname, '../..');

/** The values for `…` on a page, and a separate id for each block. */
type Values = Readonly<Record<string, string>>;

const system = await startTestSystem({ ...onTestServers(), patients: 4 });
afterAll(() => system.stop());
const api = createApiClient(system);
const { connectionId } = system;
await runMainJob({ api, connectionId, since: undefined, progress: () => undefined });

async function run(block: string, values: Values = {}, given: Values = {}) {
  const { baseUrl, apiKey: KEY, folder } = system;
  const all = { 'http://127.0.0.1:3000': baseUrl, 'conn_…': connectionId, ...values };
  const commands = Object.entries(all).reduce((text, [written, value]) => text.replaceAll(written, value), block);
  return runShell({ commands, folder, env: { KEY, EDITOR: join(folder, 'editor'), ...given } });
}

async function startExport(resourceTypes: readonly string[]): Promise<string> {
  const body = { connectionId, resourceTypes };
  return (await api<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body)).id;
}

async function ended(exportId: string): Promise<void> {
  const hasEnded = async () => {
    const { status } = await api<{ status: string }>('GET', `/api/ehr/athenahealth/bulk-export/${exportId}`);
    return status !== 'IN_PROGRESS';
  };
  await waitFor(hasEnded, { timeoutMs: 60_000, intervalMs: 200, what: `the end of ${exportId}` });
}

interface Step {
  /** A part of the block's request. */
  readonly asks: string;
  /** A part of the response. */
  readonly answer: RegExp;
  /** Creates the data that the request needs. */
  readonly prepare?: () => Promise<Values>;
}

const apiSteps: readonly Step[] = [
  { asks: 'session', answer: /"role":"operator"/ },
  {
    asks: 'Idempotency-Key',
    answer: /201 Created[\s\S]*Location: \/api\/ehr\/schedules\/sched_[\s\S]*Idempotency-Replayed: true/,
  },
  { asks: 'cursor=$next', answer: /"next":"evt_/ },
  { asks: 'ratelimit', answer: /RateLimit-Policy: "default";q=\d+;w=60\r?\nRateLimit: "default";r=\d+;t=\d+/ },
  { asks: 'conn_…/webhook', answer: /"secret":"whsec_/ },
  { asks: 'webhook-deliveries', answer: /"success":true,"data":\[/ },
  { asks: 'api/ehr/connections -H', answer: /"id":"conn_/ },
  { asks: 'connections/conn_…/test', answer: /"ok":true/ },
  { asks: 'POST http://127.0.0.1:3000/api/ehr/athenahealth/bulk-export', answer: /"status":"IN_PROGRESS"/ },
  {
    asks: 'bulk-export/job_…',
    answer: /"status":"COMPLETED"/,
    prepare: async () => {
      const id = await startExport(['Encounter']);
      await ended(id);
      return { 'job_…': id };
    },
  },
  {
    asks: 'DELETE http://127.0.0.1:3000/api/ehr/athenahealth/bulk-export/job_…',
    answer: /"status":"CANCELLED"/,
    prepare: async () => {
      await system.simulator.inject('export$', { kind: 'export-fate', end: 'never-ends' });
      return { 'job_…': await startExport(['Immunization']) };
    },
  },
  {
    asks: 'bulk-export/job_…/retry',
    answer: /"status":"IN_PROGRESS"/,
    prepare: async () => {
      await system.simulator.inject('export$', { kind: 'export-fate', end: 'fails' });
      const id = await startExport(['Immunization']);
      await ended(id);
      return { 'job_…': id };
    },
  },
  { asks: 'enhanced-sync', answer: /"total":[1-9]/ },
  { asks: 'schedules', answer: /"id":"sched_/ },
  { asks: 'capabilities', answer: /"bulkExport":true/ },
  {
    asks: 'resources/Observation',
    answer: /"resourceType":"Patient"[\s\S]*"searchset"[\s\S]*\n\{"resourceType":"Observation"/,
  },
  {
    asks: 'quarantine',
    answer: /"state":"replayed"/,
    prepare: async () => {
      await system.simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
      const exportId = await startExport(['Condition']);
      await ended(exportId);
      const [line] = await api<readonly { id: string }[]>('GET', `/api/ehr/quarantine?runId=${exportId}`);
      const mended = '{"resourceType":"Condition","id":"mended","subject":{"reference":"Patient/x"}}';
      writeFileSync(join(system.folder, 'editor'), `#!/bin/sh\necho '${mended}' > "$1"\n`, { mode: 0o755 });
      return { 'job_…': exportId, LINE_ID: line?.id ?? '' };
    },
  },
  { asks: 'api-keys', answer: /"key":"bulkhead_/ },
  { asks: 'audit-events', answer: /"action":"export\.create"/ },
];

test('every request of README.md is also in docs/api.md', async () => {
  const blocks = (await blocksOf('README.md')).filter((block) => block.startsWith('curl'));
  expect(blocks).toHaveLength(4);
  expect(await blocksOf('docs/api.md')).toEqual(expect.arrayContaining([...blocks]));
});

test('the program of README.md prints the Observations of a patient', async () => {
  const program = (await blocksOf('README.md')).find((block) => block.includes('observations.mjs')) ?? '';
  expect(await run(program)).toMatch(/^20\d\d-.+ \S+/m);
});

/** The pages with a program that calls the API. */
const pagesWithPrograms = ['README.md', 'docs/how-to/new-each-night.md'];

test('every page whose program calls the API is tested with a wrong key', async () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
  const hasProgram = (page: string) =>
    /^ *cat > \w+\.mjs[\s\S]*?await fetch\(/m.test(readFileSync(join(root, page), 'utf8'));
  expect(pages.filter(hasProgram).toSorted()).toEqual(pagesWithPrograms.toSorted());
});

test.each(pagesWithPrograms)('the program of %s prints the sentence of the API if the key is wrong', async (page) => {
  const program = (await blocksOf(page)).find((block) => block.includes('await fetch(')) ?? '';
  const key = `bulkhead_${'x'.repeat(43)}`;
  const env = { KEY: key, BULKHEAD_API_KEY: key, BULKHEAD_URL: system.baseUrl, CONNECTION: connectionId };
  await expect(run(program, {}, env)).rejects.toThrow(/^Error: The API key .*\.$/m);
});

test('docs/api.md has exactly the requests that are tested here', async () => {
  expect(await blocksOf('docs/api.md')).toEqual(apiSteps.map(({ asks }) => expect.stringContaining(asks)));
});

test.each(apiSteps)('docs/api.md has a request that works as written: $asks', async ({ asks, answer, prepare }) => {
  const block = (await blocksOf('docs/api.md'))[apiSteps.findIndex((step) => step.asks === asks)] ?? '';
  expect(await run(block, await prepare?.())).toMatch(answer);
});

test('the requests of docs/reading-resources.md work as written', async () => {
  const [search = '', type = '', history = '', ...others] = await blocksOf('docs/reading-resources.md');
  expect(others).toEqual([]);
  const values = { 'patient=p1': 'patient=a-195900.E-1', 'http://127.0.0.1:3000': system.baseUrl };
  expect(await run(search, values)).toContain('"type":"searchset"');
  await run(type);
  const lines = readFileSync(join(system.folder, 'Observation.ndjson'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength((await system.simulator.types()).Observation ?? 0);
  expect(await run(history)).toContain('"type":"history"');
});
