import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { bulkheadCommand, runBulkhead } from './run-bulkhead.fixture.ts';

const system = await startTestSystem({ ...onTestServers(), patients: 2 });
afterAll(() => system.stop());
const { store } = system;
const secrets = { RIGHT: 'simulator-secret', WRONG: 'wrong', HOOK: `whsec_${'a'.repeat(43)}=` };
const access = { url: system.baseUrl, key: system.apiKey, env: secrets };
const file = join(system.folder, 'practices.yaml');
const apply = (...args: string[]) => runBulkhead(['connections', 'apply', file, '--yes', ...args], access);

/** A file of practices. Those in `wrong` have a wrong secret. */
function write(options: { readonly count: number; readonly first: number; readonly wrong?: readonly number[] }): void {
  const { count, first, wrong = [] } = options;
  const names = Array.from({ length: count }, (_, index) => first + index);
  const entries = names.map((name) => {
    const secret = wrong.includes(name) ? ', auth: { clientSecret: { env: WRONG } }' : '';
    return `  Practice ${name}: { force: true${secret} }`;
  });
  writeFileSync(
    file,
    `defaults:
  provider: athenahealth
  # The simulated EHR has one practice.
  practiceId: "195900"
  auth: { method: client_credentials, clientId: simulator-client, clientSecret: { env: RIGHT } }
  webhook: { url: https://client.example/hook, secret: { env: HOOK } }
  cohorts: { diabetes: { patients: [p1, p2] } }
  schedules:
    - { kind: export, cron: 0 2 * * *, timeZone: America/New_York, request: { cohort: diabetes } }
    - { kind: sync, cron: 0 4 * * 0, timeZone: America/New_York, spread: false }
connections:
${entries.join('\n')}
`,
  );
}

async function stored(first: number, count: number) {
  const names = Array.from({ length: count }, (_, index) => `Practice ${first + index}`);
  const connections = await store.connections.listNamed(names);
  const schedules = await store.schedules.list({ scope: connections.map(({ id }) => id) });
  const cohorts = await Promise.all(connections.map(({ id }) => store.cohorts.list(id)));
  return { connections: connections.length, schedules: schedules.length, cohorts: cohorts.flat().length };
}

const countApplied = async () =>
  (await store.auditEvents.list({ filter: { action: 'connection.apply' }, limit: 1000 })).length;

test('an apply creates and tests connections, names those with wrong secrets, and a second one changes nothing', async () => {
  write({ first: 1001, count: 12, wrong: [1004, 1009] });
  const planned = await apply('--dry-run');
  expect(planned).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^connections to create: 12\n {2}Practice 1001: create, webhook, cohort/),
  });
  expect(await stored(1001, 12)).toEqual({ connections: 0, schedules: 0, cohorts: 0 });

  const first = await apply();
  expect([first.code, first.stderr]).toEqual([1, expect.stringContaining('2 of 12 tested connections do not work.')]);
  const failed = [...first.stdout.matchAll(/^(Practice \d+) +(\S+) +(\S+)/gm)].map((found) => found.slice(1, 4));
  expect(failed.toSorted()).toEqual([
    ['Practice 1004', 'token', 'token-refused'],
    ['Practice 1009', 'token', 'token-refused'],
  ]);
  expect(await stored(1001, 12)).toEqual({ connections: 12, schedules: 24, cohorts: 12 });

  const applied = await countApplied();
  const second = await apply();
  expect(second.stdout).toMatch(/^unchanged: 12$[\s\S]*^tested: 2$/m);
  write({ first: 1001, count: 12 });
  const corrected = await apply();
  expect([corrected.code, corrected.stderr]).toEqual([0, '']);
  expect(corrected.stdout).toMatch(/^ {2}Practice 1004: credentials\n {2}Practice 1009: credentials$/m);
  const third = await apply();
  expect([third.code, third.stdout]).toEqual([0, expect.stringMatching(/^unchanged: 12$/m)]);
  expect(await countApplied()).toBe(applied + 2);
});

test('what is exported has no secret, and applying it changes nothing', async () => {
  const { stdout } = await runBulkhead(['connections', 'export', '--cohorts'], access);
  for (const secret of Object.values(secrets)) expect(stdout).not.toContain(secret);
  writeFileSync(file, stdout);
  const again = await apply('--dry-run');
  expect([again.code, again.stderr]).toEqual([0, '']);
  expect(again.stdout).toMatch(
    /^connections to create: 0\nconnections to change: 0\nunchanged: 13\nnot in the file, and left as they are: 0$/m,
  );
});

test('two applies at once end in the same state, or one is refused clearly, and nothing is there twice', async () => {
  write({ first: 2001, count: 12 });
  const ends = await Promise.all([apply('--no-test'), apply('--no-test')]);
  for (const { code, stderr } of ends)
    if (code !== 0) expect([code, stderr]).toEqual([6, expect.stringContaining('Connections that were not changed: ')]);
  expect((await apply('--no-test')).code).toBe(0);
  expect(await stored(2001, 12)).toEqual({ connections: 12, schedules: 24, cohorts: 12 });
});

test('an apply that is killed is continued by the next one', async () => {
  write({ first: 3001, count: 120 });
  const { command, env } = bulkheadCommand(['connections', 'apply', file, '--yes'], access);
  const [program, ...args] = command;
  const child = spawn(program, args, { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await waitFor(async () => ((await stored(3001, 120)).connections > 0 ? true : undefined));
  child.kill('SIGKILL');
  await ended;
  expect((await stored(3001, 120)).connections).toBeLessThan(120);
  expect((await apply('--no-test')).code).toBe(0);
  expect(await stored(3001, 120)).toEqual({ connections: 120, schedules: 240, cohorts: 120 });
  expect((await apply('--no-test', '--dry-run')).stdout).toMatch(/^unchanged: 120$/m);
});
