// Plain JavaScript without dependencies, because it runs before anything is installed, on any node from version 18. The
// programs that it starts run on the node of the lockfile.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onNpmGone } from './on-npm-gone.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const lockfile = join(root, 'pnpm-lock.yaml');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.bulkhead-installed');
const node = join(modules, '.bin', 'node');

const OLDEST_NODE = 18;
// The terminal sends a signal to all processes in the foreground, and npm forwards the same signal. Two signals within
// a second are one Ctrl-C. A later signal is a second Ctrl-C.
const SAME_SIGNAL_MS = 1_000;

/**
 * Installs the dependencies if necessary, and runs `entry` (a TypeScript file, relative to the root) with the
 * terminal's streams. Ends this process with the exit code of that file.
 */
export function run({ entry, args }) {
  install();
  const child = spawn(node, [join(root, entry), ...args], {
    cwd: root,
    // A separate process group, so that it receives a Ctrl-C once, through this process. The IPC channel closes when
    // this process ends.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) },
  });
  forwardSignals(child);
  onNpmGone(() => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Runs `pnpm install` by the lockfile, unless exactly that is installed. Then it needs neither time nor a network. */
export function install() {
  checkNode();
  if (isInstalled()) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const startedAt = Date.now();
  console.log(`Installing the dependencies with ${packageManager} (once, and again when the lockfile changes)`);
  const { status, error } = spawnSync('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error) fail(`npx does not start (${error.message}). npm must be installed beside node.`);
  if (status !== 0) fail('The installation failed. See the lines above. It needs the npm registry once.');
  writeFileSync(stamp, lockfileHash());
  console.log(`Installed in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_NODE) return;
  fail(`Node ${process.versions.node} is too old: version ${OLDEST_NODE} or newer is needed (https://nodejs.org).`);
}

/**
 * Compares contents, because a checkout or a copy changes modification times. pnpm keeps a copy of the lockfile that it
 * installed.
 */
function isInstalled() {
  if (!existsSync(node)) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfileHash()) return true;
  const installedBy = join(modules, '.pnpm', 'lock.yaml');
  return existsSync(installedBy) && readFileSync(installedBy).equals(readFileSync(lockfile));
}

function lockfileHash() {
  return createHash('sha256').update(readFileSync(lockfile)).digest('hex');
}

function forwardSignals(child) {
  let lastAt = 0;
  for (const [received, sent] of [
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'SIGTERM'],
  ]) {
    process.on(received, () => {
      if (Date.now() - lastAt < SAME_SIGNAL_MS) return;
      lastAt = Date.now();
      child.kill(sent);
    });
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
