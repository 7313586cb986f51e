import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly pedigree?: {
    readonly patches: readonly { readonly diff: { readonly text: { readonly content: string } } }[];
  };
  readonly externalReferences?: readonly { readonly hashes?: readonly { readonly alg: string }[] }[];
}

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-sbom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (app: string): { readonly bomFormat: string; readonly components: readonly Component[] } =>
  JSON.parse(readFileSync(join(folder, `bulkhead-${app}.cdx.json`), 'utf8'));
await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'sbom.mjs'), folder], { timeout: 60_000 });

test('each image has a bill of materials', () => {
  expect(readdirSync(folder).sort()).toEqual(
    ['api', 'ehr-simulator', 'serve', 'worker'].map((app) => `bulkhead-${app}.cdx.json`),
  );
});

test('a bill of materials names every package of the image with its version and integrity hash, and no development package', () => {
  const { bomFormat, components } = read('worker');
  expect(bomFormat).toBe('CycloneDX');
  const { dependencies } = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', 'packages', 'queues', 'package.json'), 'utf8'),
  );
  const names = components.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([...Object.keys(dependencies).filter((name) => !name.startsWith('@')), 'mongoose', 'axios']),
  );
  expect(names).not.toContain('jest');
  const foreign = components.filter(({ purl }) => !purl.startsWith('pkg:npm/%40bulkhead/'));
  expect(foreign.length).toBeGreaterThan(40);
  for (const { version, purl, externalReferences = [] } of foreign) {
    expect(purl).toContain(`@${version}`);
    const hashes = externalReferences.flatMap((reference) => reference.hashes ?? []);
    expect(hashes.map(({ alg }) => alg)).toContain('SHA-512');
  }
});

test('a bill of materials has the patches of packages that differ from those of the registry', () => {
  for (const app of ['api', 'worker']) {
    const patched = read(app).components.filter(({ pedigree }) => pedigree !== undefined);
    expect(patched.map(({ name }) => name)).toEqual(['mongodb']);
    const content = patched[0]?.pedigree?.patches[0]?.diff.text.content;
    const { name, version } = patched[0] ?? {};
    const file = join(import.meta.dirname, `../../packages/store/patches/${name}@${version}.patch`);
    expect(content).toBe(readFileSync(file, 'utf8'));
  }
});
