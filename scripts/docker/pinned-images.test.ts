import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { baseImages } from './engine/base-images.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const pinned = /:[\w.-]+@sha256:[0-9a-f]{64}$/;

/** Returns each image that the files of docker/ name, except for Bulkhead's own. */
function namedImages(): string[] {
  const files = readdirSync(join(root, 'docker'), { recursive: true, encoding: 'utf8' });
  const texts = files.filter((file) => /(?:\.ya?ml|Dockerfile)$/.test(file)).map((file) => read(join('docker', file)));
  const names = texts.flatMap((text) => [...text.matchAll(/^(?:\s+image: |FROM |ARG \w+_IMAGE=)(\S+)/gm)]);
  const stages = new Set(texts.flatMap((text) => [...text.matchAll(/ AS (\S+)$/gm)].map(([, stage]) => stage)));
  return names
    .map(([, name = '']) => name.replace(/^\$\{\w+:-(.*)\}$/, '$1'))
    .filter((name) => !name.startsWith('bulkhead-') && !name.startsWith('$') && !stages.has(name));
}

test('every base image in docker/ is pinned by version and digest', () => {
  const images = namedImages();
  // Two files that use one image use the same version of it.
  expect([...new Set(images)].map((image) => image.replace(/:.*/, '')).toSorted()).toEqual([
    'grafana/grafana',
    'mongo',
    'node',
    'prom/prometheus',
    'redis',
  ]);
  for (const image of images) expect(image).toMatch(pinned);
});

test('`npm start` runs the images of docker/compose.yaml in a Docker engine', () => {
  const images = baseImages({});
  const folder = 'packages/embedded/src';
  expect(read(`${folder}/redis/redis-routes.ts`)).toContain(`'${images.get('BULKHEAD_REDIS_IMAGE')}'`);
  expect(read(`${folder}/mongodb/mongodb-routes.ts`)).toContain(`'${images.get('BULKHEAD_MONGODB_IMAGE')}'`);
});

test('the Node.js version of the images equals the version that runs the tests', () => {
  expect(baseImages({}).get('BULKHEAD_NODE_IMAGE')).toContain(`node:${process.versions.node}-slim@sha256:`);
});

test('Grafana in docker/compose.observability.yaml has no user with a known password', () => {
  const text = read('docker/compose.observability.yaml');
  expect(text).toContain('GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true"');
  expect(text).toContain('GF_AUTH_DISABLE_LOGIN_FORM: "true"');
});
