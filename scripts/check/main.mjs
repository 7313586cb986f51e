// usage: pnpm check    builds, and checks types, format, layers, regular expressions, prose, dead code and dependencies, also after a failure
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@bulkhead/embedded';

const root = fileURLToPath(new URL('../..', import.meta.url));

const build = {
  name: 'build',
  command: 'turbo run build --output-logs=errors-only',
  advice: 'fix the errors above',
};
/** These run side by side, after the build, because some read what it has built. */
const parts = [
  {
    name: 'types',
    // One checker, because more of them check the types of libraries several times, and the other core has other parts.
    command: ['scripts', 'apps/console', 'apps/cli/tsconfig.oldest-node.json']
      .map((project) => `tsc -p ${project} --checkers 1`)
      .join(' && '),
    advice: 'fix the errors of tsc above, also those of tests',
  },
  { name: 'format and lint', command: 'biome ci .', advice: 'pnpm format repairs most of it' },
  {
    name: 'layers',
    command: 'depcruise apps packages scripts --config .dependency-cruiser.mjs --output-type err-long',
    advice: 'each rule of .dependency-cruiser.mjs has a comment with its reason',
  },
  {
    name: 'regular expressions',
    command: 'node scripts/check/regular-expressions.mjs',
    advice: 'bound or anchor repetitions, so that each start of a match fails at once, or use string functions',
  },
  {
    name: 'readers',
    command: 'node scripts/check/readers.mjs',
    advice:
      'feed the reader in a test of linear time, with long lists, many keys and deep nesting (packages/testing/src/growth.ts)',
  },
  {
    name: 'stored resources',
    command: 'node scripts/check/stored-resources.mjs',
    advice: 'read contents one by one (ReplyLimit.read), or leave `resource` out of the projection',
  },
  {
    name: 'prose',
    command: 'node scripts/check/prose.mjs',
    advice: 'write what the rule says, or add a correct word to scripts/check/prose/words.txt',
  },
  {
    name: 'dead code',
    // Without this option it reports patterns that match nothing in a package without tests.
    command: 'knip --no-config-hints --no-progress',
    advice: 'remove it, or tag it with @public if only other programs use it',
  },
  {
    name: 'dependency audit',
    command: 'node scripts/check/audit.mjs',
    advice: 'raise the version of the named package in the package.json that declares it, or by `overrides`',
  },
];

const env = {
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  // A fresh clone builds only what no other clone on this machine has built from the same sources.
  TURBO_CACHE_DIR: join(cacheFolder(process.env), 'turbo'),
};
const failed = [];
await run(build);
await Promise.all(Array.from({ length: availableParallelism() }, runParts));
for (const { name, advice } of failed) console.error(`FAILED: ${name} (${advice})`);
if (failed.length === 0) console.log('All checks passed.');
process.exit(failed.length === 0 ? 0 : 1);

async function runParts() {
  for (let part = parts.shift(); part; part = parts.shift()) await run(part);
}

async function run({ name, command, advice }) {
  const startedAt = Date.now();
  // In one stream, so that errors stay beside the output that they belong to.
  const child = spawn(`${command} 2>&1`, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n== ${name}: ${command}\n${output}-- ${name}: ${code === 0 ? 'ok' : 'FAILED'}, ${seconds} s`);
  if (code !== 0) failed.push({ name, advice });
}
