// usage: node scripts/check/collections.mjs
// Finds every collection of MongoDB that shipped code names, and checks that only one feature names it. A feature owns
// its data: what others need of it, they get from its repositories or its FeatureData. Exit 1 if there is another one.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isTest = (file) => /\.test\.ts$|\/testing\/|\/tests\/|\.fixture\.ts$|\/bench\//.test(file);
const names = [
  /\bcollection(?:<[^(]*>)?\(\s*'([\w.]+)'/g,
  /\b(?:collection|bucketName): '([\w.]+)'/g,
  /\bdatabase\.model\(\s*'(\w+)'/g,
];

const owners = new Map();
for (const file of globSync('{apps,packages}/*/src/**/*.ts', { cwd: root }).filter((file) => !isTest(file))) {
  const owner = ownerOf(file);
  const text = readFileSync(join(root, file), 'utf8');
  for (const pattern of names)
    for (const [, collection = ''] of text.matchAll(pattern)) {
      // A file in GridFS has two collections.
      const owned = collection.replace(/\.(?:files|chunks)$/, '');
      owners.set(owned, new Set([...(owners.get(owned) ?? []), owner]));
    }
}

/** A package, or the folder of a subject in a package with more than one. */
function ownerOf(file) {
  const [top, name, , folder] = file.split('/');
  return ['records', 'serving', 'imports'].includes(name) || folder === 'audit' || folder === 'idempotency'
    ? `${top}/${name}/${folder}`
    : `${top}/${name}`;
}

const shared = [...owners].filter(([, packages]) => packages.size > 1);
for (const [collection, packages] of shared) console.error(`${collection} is named by ${[...packages].join(', ')}`);
console.log(`${owners.size} collections and models, ${shared.length} with more than one owner`);
process.exit(shared.length === 0 ? 0 : 1);
