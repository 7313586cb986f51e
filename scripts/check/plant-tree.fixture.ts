import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './cruise-layers.fixture.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

export interface PlantTreeOptions {
  readonly folder: string;
  /** The text of each file by its path. */
  readonly files: Readonly<Record<string, string>>;
  /** Third-party packages. Each is installed as one empty file and declared by every folder. */
  readonly packages: readonly string[];
}

/**
 * Writes a small copy of the workspace: every app and package with its real package.json and an index that imports each
 * workspace package that it depends on, plus `files`.
 */
export function plantTree({ folder, files, packages }: PlantTreeOptions): void {
  const declared = Object.fromEntries(packages.map((name) => [name, '1.0.0']));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const workspace of [...globSync('{apps,packages}/*/package.json', { cwd: root }), 'scripts/package.json']) {
    const manifest = JSON.parse(readFileSync(join(root, workspace), 'utf8')) as Manifest;
    const { name, dependencies = {}, exports = {} } = manifest;
    const imports = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@bulkhead/'));
    write(workspace, JSON.stringify({ ...manifest, dependencies: { ...dependencies, ...declared } }));
    const text = [...imports.map((path) => `import '${path}';`), 'export const one = 1;\n'].join('\n');
    write(`${dirname(workspace)}/src/index.ts`, 'export const one = 1;\n');
    // In a feature, only the steps may import all of its dependencies.
    write(`${dirname(workspace)}/src/${exports['./steps'] ? 'steps/' : ''}index.ts`, text);
    // No file imports an app, and an app without dependencies imports no file. Its main.ts keeps it from being an
    // orphan.
    if (workspace.startsWith('apps/')) write(`${dirname(workspace)}/src/main.ts`, "import './index.ts';\n");
    link({ folder, name, target: join(folder, dirname(workspace)) });
  }
  for (const name of [...packages, 'undeclared', '@jest/globals']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
}

function link(options: { readonly folder: string; readonly name: string; readonly target: string }): void {
  const path = join(options.folder, 'node_modules', options.name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(options.target, path);
}
