import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './cruise-layers.fixture.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const answering = new Set(['@bulkhead/api', '@bulkhead/serve', '@bulkhead/http']);

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
  const workspaces = [...globSync('{apps,packages}/*/package.json', { cwd: root }), 'scripts/package.json'];
  const read = (workspace: string) => JSON.parse(readFileSync(join(root, workspace), 'utf8')) as Manifest;
  const manifests = new Map(workspaces.map(read).map((manifest) => [manifest.name, manifest]));
  for (const workspace of workspaces) {
    const manifest = read(workspace);
    const { name, dependencies = {}, exports = {} } = manifest;
    const imports = Object.keys(dependencies)
      .filter((dependency) => dependency.startsWith('@bulkhead/'))
      .flatMap((dependency) => entriesOf(manifests.get(dependency)).map((entry) => join(dependency, entry)))
      // These import the facts of vendors and Redis from these packages, and never the client of an EHR or a queue.
      .filter((path) => !(answering.has(name) && path === '@bulkhead/ehr'))
      .filter((path) => !(answering.has(name) && name !== '@bulkhead/api' && path.startsWith('@bulkhead/queues')));
    write(workspace, JSON.stringify({ ...manifest, dependencies: { ...dependencies, ...declared } }));
    const text = [...imports.map((path) => `import '${path}';`), 'export const one = 1;\n'].join('\n');
    const files = entriesOf(manifest).map((entry) =>
      typeof exports[entry] === 'string' ? exports[entry] : './src/index.ts',
    );
    for (const file of files) write(join(dirname(workspace), file), 'export const one = 1;\n');
    // In a feature, only the steps may import all of its dependencies.
    const steps = Object.values(exports).find((file) => /[/]steps(?:[/]index)?[.]ts$/.test(String(file)));
    write(join(dirname(workspace), `${steps ?? files[0]}`), text);
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

/** The entry points of subjects: that of the package, and of its folders. The others are for the API, for workers or for tests. */
export function entriesOf({ exports = {} }: Pick<Manifest, 'exports'> = {}): string[] {
  const entries = Object.entries(exports).filter(
    ([entry, file]) => entry === '.' || `${file}` === `./src/${entry.slice(2)}/index.ts`,
  );
  return entries.length > 0 ? entries.map(([entry]) => entry).filter((entry) => !entry.includes('/testing')) : ['.'];
}

function link(options: { readonly folder: string; readonly name: string; readonly target: string }): void {
  const path = join(options.folder, 'node_modules', options.name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(options.target, path);
}
