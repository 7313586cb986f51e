import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files, besides each package.json, that name the version of Bulkhead. */
const others = [
  'packages/http/src/openapi/create-api-document.ts',
  'docker/kubernetes/overlays/example/kustomization.yaml',
  'docs/how-to/kubernetes.md',
];

/** The texts by which a file names the version. The number alone could be the version of another program. */
function patternsOf(version: string): readonly string[] {
  return [
    `"version": "${version}"`,
    `version: '${version}'`,
    `newTag: ${version}`,
    `/bulkhead-api:${version}`,
    `/bulkhead-serve:${version}`,
    `/bulkhead-worker:${version}`,
  ];
}

/** Returns the files of the repository that name this version. */
export function filesWithVersion(options: {
  readonly root: string;
  readonly files: readonly string[];
  readonly version: string;
}): string[] {
  const { root, files, version } = options;
  return files
    .filter((file) => file.endsWith('package.json') || others.includes(file))
    .filter((file) => patternsOf(version).some((text) => readFileSync(join(root, file), 'utf8').includes(text)));
}

export function replaceVersion(options: {
  readonly root: string;
  readonly files: readonly string[];
  readonly from: string;
  readonly to: string;
}): void {
  const { root, files, from, to } = options;
  const replacements = patternsOf(to);
  for (const file of files) {
    const before = readFileSync(join(root, file), 'utf8');
    const after = patternsOf(from).reduce(
      (text, old, index) => text.replaceAll(old, replacements[index] ?? old),
      before,
    );
    writeFileSync(join(root, file), after);
  }
}
