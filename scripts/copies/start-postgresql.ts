import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findOnPath, spawnTethered, systemPort, type Tethered } from '@bulkhead/embedded';
import pg from 'pg';

const env = { PATH: process.env.PATH };
const isRoot = process.getuid?.() === 0;

/** The folder of PostgreSQL's programs: that of Debian's package, or the one on PATH. */
function findPrograms(): string | undefined {
  const [newest] = globSync('/usr/lib/postgresql/*/bin/postgres').toSorted().toReversed();
  const found = newest ?? findOnPath({ command: 'postgres', env: process.env });
  return found && join(found, '..');
}

/** @returns why no PostgreSQL can be started here, or undefined */
export function whyNoPostgresql(): string | undefined {
  if (findPrograms() === undefined) return 'PostgreSQL is not installed. Install Debian’s package `postgresql`';
  if (isRoot && findOnPath({ command: 'setpriv', env: process.env }) === undefined)
    return 'PostgreSQL does not run as root, and there is no setpriv';
  return undefined;
}

/** Starts a PostgreSQL server that can be killed and restarted. */
export async function startPostgresql() {
  const programs = findPrograms() ?? '';
  // Another folder than that of the system, which only this user can enter.
  const data = mkdtempSync(join(tmpdir(), 'bulkhead-postgresql-'));
  if (isRoot) run(['chown', 'postgres:', data]);
  // It refuses to run as root.
  const asUser = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  run([...asUser, join(programs, 'initdb'), '-D', data, '-U', 'copier', '-A', 'trust', '-E', 'UTF8', '--locale=C']);
  const port = await systemPort();
  const [command = '', ...args] = [...asUser, join(programs, 'postgres'), '-D', data, '-p', String(port)];
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  const url = `postgres://copier@127.0.0.1:${port}/postgres`;
  let server: Tethered | undefined;
  const start = async (): Promise<void> => {
    server = await spawnTethered({ command, args: [...args, ...settings], env, cwd: data, output: 'ignore' });
    while (!(await answers(url))) await delay(50);
  };
  await start();
  return {
    url,
    start,
    /** Sends SIGKILL. */
    kill: () => server?.stop({ graceMs: 0 }),
    async stop() {
      await server?.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

function run([command = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd: '/', env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}
