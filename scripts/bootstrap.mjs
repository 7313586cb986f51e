// Plain JavaScript without dependencies: it runs on any node from 18 on, before anything is installed. What it starts
// runs on the node of the lockfile.
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
// A terminal signals everybody in the foreground and npm passes the same signal on: what arrives twice within a second was
// one Ctrl-C. A later one is the user's second.
const SAME_SIGNAL_MS = 1_000;

/**
 * Installs if need be and runs `entry` (a TypeScript file, relative to the root) with the terminal's streams.
 * Ends this process with its exit code.
 */
export function run({ entry, args }) {
  install();
  const child = spawn(node, ['--conditions=@bulkhead/source', join(root, entry), ...args], {
    cwd: root,
    // A group of its own: a Ctrl-C reaches it once, through us. The channel tells it when we are gone, however we went.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) },
  });
  forwardSignals(child);
  onNpmGone(() => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** `pnpm install` by the lockfile, unless that is what is installed already: then it needs neither time nor a network. */
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
  if (status !== 0) fail('The installation failed; the lines above say why. It needs the npm registry, once.');
  writeFileSync(stamp, lockfileHash());
  console.log(`Installed in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_NODE) return;
  fail(`Node ${process.versions.node} is too old: version ${OLDEST_NODE} or newer is needed (https://nodejs.org).`);
}

/** By content, not by age: a checkout or a copy gives files any age. pnpm keeps the lockfile that it installed by. */
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
