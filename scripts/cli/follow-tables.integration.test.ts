import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempDisposableSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installFromPypi, runCommand } from '@bulkhead/embedded';
import { toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRandom } from '../random.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { bulkheadCommand, runBulkhead } from './run-bulkhead.fixture.ts';

/*
 * `tables follow` is killed while resources change, are deleted and are erased. DuckDB, which this project did not write, compares the folder with a
 * table that is read whole.
 */

const views = ['patient', 'observation', 'lab_result'];
const rounds = 4;
const duckdb = await installFromPypi({ name: 'duckdb', version: '2.0.1', command: 'python', env: process.env });

let system: TestSystem;
let folder: ReturnType<typeof mkdtempDisposableSync>;
let out: string;
beforeAll(async () => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-follow-tables-'));
  out = join(folder.path, 'tables');
  system = await startTestSystem({ ...onTestServers(), patients: 4, workerCount: 1 });
  await system.store.prepareResourceTypes(['Patient', 'Observation']);
});
afterAll(async () => {
  await system?.stop();
  folder.remove();
});

const access = () => ({ url: system.baseUrl, key: system.apiKey });
const followArgs = () =>
  ['tables', 'follow', '--connection', system.connectionId, '--out', out, '--views', views.join(), '--once'] as const;

/** Starts the program, and kills it after some time. @returns whether it was killed before its end */
async function followAndKill(afterMs: number): Promise<boolean> {
  const { command, env } = bulkheadCommand(followArgs(), access());
  const child = spawn(command[0], command.slice(1), { env, stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  await Promise.race([ended, sleep(afterMs)]);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  // A lock of a killed program is watched for ten seconds, which has its own test.
  rmSync(join(out, '.lock'), { force: true });
  return signal === 'SIGKILL';
}

let version = 0;
async function write(type: string, resources: readonly { readonly id: string; readonly isGone?: boolean }[]) {
  const { connectionId, store } = system;
  version += 1;
  const at = new Date(Date.UTC(2024, 0, 1, 0, 0, version));
  const documents = resources.map(({ id, isGone, ...content }) => {
    const context = { ...documentContext, connectionId, observedAt: at };
    if (isGone) return toTombstone({ resourceId: id, context });
    const meta = { versionId: String(version), lastUpdated: at.toISOString() };
    return makeDocument({ resourceType: type, id, meta, ...content }, { connectionId, observedAt: at });
  });
  await store.resourceWriter.write(type, documents);
}

const observation = (number: number, round: number) => ({
  id: `o${number}`,
  subject: { reference: `Patient/p${number % 40}` },
  issued: `2026-03-0${1 + (number % 9)}T08:00:00.${round}-05:00`,
  category: number % 3 === 0 ? [{ coding: [{ code: 'laboratory' }] }] : [],
  valueQuantity: { value: number / 8, unit: `unit ${round}` },
});

const script = `
import duckdb, json, sys
answers = {}
for name, query in json.load(open(sys.argv[1])).items():
    answers[name] = [[None if value is None else str(value) for value in row] for row in duckdb.sql(query).fetchall()]
json.dump(answers, open(sys.argv[2], 'w'))
`;
async function ask(queries: Readonly<Record<string, string>>): Promise<Readonly<Record<string, readonly string[][]>>> {
  const [asked, answered] = [join(folder.path, 'queries.json'), join(folder.path, 'answers.json')];
  writeFileSync(asked, JSON.stringify(queries));
  const { command } = duckdb as { readonly command: string };
  await runCommand({ command, args: ['-c', script, asked, answered], env: process.env });
  return JSON.parse(readFileSync(answered, 'utf8'));
}
const rowsOf = (view: string) => `select * from read_parquet('${out}/${view}/*.parquet')`;

const run = 'missing' in duckdb ? test.skip : test;

run(
  `a followed folder equals the store after changes, deletions, erasures and kills${'missing' in duckdb ? `: skipped, because DuckDB is missing: ${duckdb.missing}` : ''}`,
  async () => {
    const random = createRandom(60);
    const patients = Array.from({ length: 40 }, (_, index) => ({
      id: `p${index}`,
      name: [{ family: `Family ${index}` }],
    }));
    await write('Patient', patients);
    await write(
      'Observation',
      Array.from({ length: 3000 }, (_, index) => observation(index, 0)),
    );
    let kills = 0;
    for (let round = 1; round <= rounds; round++) {
      kills += Number(await followAndKill(random.integer(300, 1200)));
      await write(
        'Observation',
        Array.from({ length: 500 }, (_, index) => observation(index * 5 + round, round)),
      );
      await write('Observation', [{ id: `o${round * 7}`, isGone: true }, observation(3000 + round, round)]);
      const erased = await runBulkhead(
        ['patients', 'erase', `p${round}`, '--connection', system.connectionId, '--yes'],
        access(),
      );
      expect(erased).toMatchObject({ code: 0 });
      if (!existsSync(join(out, 'state.json'))) continue;
      const begun = Object.keys(JSON.parse(readFileSync(join(out, 'state.json'), 'utf8')).since);
      const twice = await ask(
        Object.fromEntries(
          begun.map((view) => [
            view,
            `select count(*) - count(distinct (#2)) from (${rowsOf(view)})`.replace('#2', `${view}_id`),
          ]),
        ),
      );
      expect(twice).toEqual(Object.fromEntries(begun.map((view) => [view, [['0']]])));
    }
    expect(kills).toBeGreaterThan(1);
    expect(await runBulkhead(followArgs(), access())).toEqual({ code: 0, stdout: '', stderr: '' });
    const whole = join(folder.path, 'whole');
    mkdirSync(whole);
    const args = ['--connection', system.connectionId, '--view', views.join(), '--format', 'parquet', '--out', whole];
    expect(await runBulkhead(['tables', 'get', ...args], access())).toMatchObject({ code: 0 });
    const compared = await ask(
      Object.fromEntries(
        views.flatMap((view) => {
          const stored = `select * from read_parquet('${whole}/${view}.parquet')`;
          return [
            [`${view} missing`, `select count(*) from (${stored} except all ${rowsOf(view)})`],
            [`${view} added`, `select count(*) from (${rowsOf(view)} except all ${stored})`],
            [`${view} rows`, `select count(*) > 30 from (${rowsOf(view)})`],
          ];
        }),
      ),
    );
    for (const view of views)
      expect([`${view} missing`, `${view} added`, `${view} rows`].map((name) => [name, compared[name]?.[0]])).toEqual([
        [`${view} missing`, ['0']],
        [`${view} added`, ['0']],
        [`${view} rows`, ['True']],
      ]);
    const { erased } = await ask({
      erased: `select count(*) from (${rowsOf('patient')}) where patient_id in ('p1', 'p2', 'p3', 'p4')`,
    });
    expect(erased).toEqual([['0']]);
  },
  180_000,
);

test('a connection whose data was purged leaves no table in the folder', async () => {
  const { connectionId } = system;
  const deleted = await runBulkhead(['connections', 'delete', connectionId, '--data', 'purge', '--yes'], access());
  expect(deleted).toMatchObject({ code: 0 });
  const { code, stderr } = await runBulkhead(followArgs(), access());
  expect([code, stderr]).toEqual([4, expect.stringContaining('Delete your copy')]);
  for (const view of views) expect(existsSync(join(out, view))).toBe(false);
  expect(existsSync(join(out, 'state.json'))).toBe(false);
});
