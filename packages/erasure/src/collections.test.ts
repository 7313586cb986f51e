import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isResourceType } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import { erasedCollections, untouchedCollections } from './collections.ts';

const sources = join(import.meta.dirname, '..', '..');

/** All collections that the sources of the packages name, except collections of resources. */
function namedCollections(): string[] {
  const names = new Set<string>();
  for (const file of globSync('*/src/**/*.ts', { cwd: sources })) {
    if (/\.(test|fixture)\.ts$|\/(testing|tests)\/|^(embedded|testing)\//.test(file)) continue;
    const text = readFileSync(join(sources, file), 'utf8');
    for (const [, name] of text.matchAll(/collection: '([\w.]+)'/g)) names.add(name ?? '');
    for (const [, name] of text.matchAll(/\bcollection(?:<[^(]*>)?\('([\w.]+)'\)/g)) names.add(name ?? '');
    for (const [, name] of text.matchAll(/const collection = '([\w.]+)'/g)) names.add(name ?? '');
    for (const [, bucket] of text.matchAll(/bucketName: '([\w.]+)'/g)) {
      names.add(`${bucket}.files`);
      names.add(`${bucket}.chunks`);
    }
  }
  return [...names].filter((name) => !isResourceType(name)).toSorted();
}

test('collections.ts says for every collection what the erasure of a connection does with it', () => {
  const decided = [...Object.keys(erasedCollections), ...Object.keys(untouchedCollections)].toSorted();
  expect(new Set(decided).size).toBe(decided.length);
  expect(namedCollections()).toEqual(decided);
});
