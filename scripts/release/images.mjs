// usage: pnpm images:make TAG [--base IMAGE]    builds the image of each app from one base image, which its digest names
// A tag such as node:26-slim can mean another image tomorrow. The base is pulled once. Its digest is what the builds begin with, what the
// images have as their label, and what is printed. `--base` is the base's name in another registry, such as a mirror.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Each app that docker/Dockerfile makes an image of. */
const apps = ['api', 'worker', 'ehr-simulator'];
/** Compose asks for what containers need, also if it only builds. */
const unused = { BULKHEAD_ENCRYPTION_KEY: 'unused', REDIS_PASSWORD: 'unused', MONGODB_PASSWORD: 'unused' };

const { values, positionals } = parseArgs({
  options: { base: { type: 'string', default: 'node:26-slim' } },
  allowPositionals: true,
});
const [tag] = positionals;
if (tag === undefined || positionals.length > 1) fail('usage: pnpm images:make TAG [--base IMAGE]');
docker(['pull', '--quiet', values.base]);
const base = pinnedName(values.base);
// One after another: side by side each of them would install and compile what they have in common.
const compose = ['compose', '--file', 'docker/compose.yaml', '--profile', 'simulator', '--parallel', '1'];
docker([...compose, 'build', ...apps], { ...unused, BULKHEAD_TAG: tag, BULKHEAD_NODE_IMAGE: base });
for (const app of apps) console.log(JSON.stringify({ image: `bulkhead-${app}:${tag}`, base }));

/** The name with the digest that a registry gave. An image that was built or imported has none. */
function pinnedName(image) {
  const repository = image.replace(/:[^:/]+$/, '').replace(/^docker\.io\/(?:library\/)?/, '');
  const digests = JSON.parse(docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', image]));
  const found = digests.find((digest) => digest.startsWith(`${repository}@sha256:`));
  if (found === undefined) fail(`${image} has no digest, because no registry gave it. Pull it from a registry.`);
  return found;
}

/** @returns what docker printed. What it says beside that goes to the standard error. */
function docker(args, env = {}) {
  const { status, stdout, error } = spawnSync('docker', args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) fail(`docker does not start: ${error.message}`);
  if (status !== 0) fail(`docker ${args[0]} failed. Its own message is above.`);
  return stdout.trim();
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
