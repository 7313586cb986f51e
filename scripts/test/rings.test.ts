import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from '../system/builds.ts';
import { members, ringOf, rings, testFiles } from './rings.ts';

const files = testFiles(root);

test('each test file is in exactly one ring, and `npm test -- --night` runs all of them', () => {
  const found = globSync('{apps,packages,scripts}/**/*.test.*', { cwd: root, exclude: ['**/node_modules', '**/dist'] });
  expect(found.filter((file) => file.endsWith('.ts')).toSorted()).toEqual(files);
  const ofRings = rings.map((ring) => files.filter((file) => ringOf(file) === ring));
  expect(ofRings.every((ring) => ring.length > 0)).toBe(true);
  expect(ofRings.flat().toSorted()).toEqual(files);
  for (const file of files) {
    const named = Object.entries(members).filter(([, patterns]) => patterns.some((pattern) => pattern.test(file)));
    expect([file, named.length <= 1]).toEqual([file, true]);
  }
});

test('each pattern of a ring still has a test file', () => {
  for (const pattern of Object.values(members).flat())
    expect([pattern, files.some((file) => pattern.test(file))]).toEqual([pattern, true]);
});

test('each judge that runs by a command is in the ring of the merges or of the nights', () => {
  const judges = ['chaos', 'copies', 'fleet', 'fuzz', 'interop', 'protocol-fuzz', 'replica-set'];
  expect(judges.filter((judge) => !existsSync(join(root, 'scripts', judge, 'main.ts')))).toEqual([]);
  const left = judges.filter((judge) => ringOf(`scripts/${judge}/${judge}.integration.test.ts`) === 'change');
  expect(left).toEqual([]);
});
