// usage: pnpm check    runs format and lint, build, layers, regular expressions, dead code and the audit, also after a failure
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const parts = [
  { name: 'format and lint', command: 'biome ci .', advice: 'pnpm format repairs most of it' },
  {
    name: 'build',
    command: 'turbo run build --output-logs=errors-only',
    advice: 'fix the errors of tsc above, also those of tests',
  },
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

const failed = parts.filter((part) => !passes(part));
for (const { name, advice } of failed) console.error(`FAILED: ${name} (${advice})`);
if (failed.length === 0) console.log('All checks passed.');
process.exit(failed.length === 0 ? 0 : 1);

function passes({ name, command }) {
  console.log(`\n== ${name}: ${command}`);
  const startedAt = Date.now();
  const [program, ...args] = command.split(' ');
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...env, TURBO_TELEMETRY_DISABLED: '1' },
  });
  if (error) console.error(`${program} does not start: ${error.message}`);
  console.log(`-- ${name}: ${status === 0 ? 'ok' : 'FAILED'}, ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  return status === 0;
}
