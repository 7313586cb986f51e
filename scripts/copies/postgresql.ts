import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, type OwnServerSpec } from '@bulkhead/embedded';
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

/** A PostgreSQL server. */
export function postgresqlServer(): OwnServerSpec {
  const programs = findPrograms() ?? '';
  // It refuses to run as root.
  const asUser = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const [command = '', ...before] = [...asUser, join(programs, 'postgres')];
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  return {
    name: 'postgres',
    command,
    args: ({ port, dataFolder }) => [...before, '-D', dataFolder, '-p', String(port), ...settings],
    url: ({ host, port }) => `postgres://copier@${host}:${port}/postgres`,
    prepare(data) {
      // Only this user can enter the folder around it.
      if (isRoot) run(['chown', 'postgres:', data, join(data, '..')]);
      run([...asUser, join(programs, 'initdb'), '-D', data, '-U', 'copier', '-A', 'trust', '-E', 'UTF8', '--locale=C']);
    },
    ping,
  };
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

function run([command = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd: '/', env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}
