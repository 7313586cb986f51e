import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pattern = /\b(?:from|import)\s*'([^']+)'/g;
const typesOnly = /\b(?:import|export) type [^;]*;/g;

/**
 * The files that a module always imports, by its text alone: another way to find what the recorder finds.
 *
 * @param file relative to the root, as the results
 */
export function staticImports(root: string, file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file) || !existsSync(join(root, file))) return found;
  found.add(file);
  const text = readFileSync(join(root, file), 'utf8').replaceAll(typesOnly, '');
  for (const [, specifier = ''] of text.matchAll(pattern)) {
    const target = specifier.startsWith('.') ? join(dirname(file), specifier) : ofPackage(root, specifier);
    if (target !== undefined && /[.](?:ts|json)$/.test(target)) staticImports(root, target, found);
  }
  return found;
}

function ofPackage(root: string, specifier: string): string | undefined {
  const [, name, path = ''] = /^@bulkhead\/([\w-]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = ['packages', 'apps'].map((top) => `${top}/${name}`).find((folder) => existsSync(join(root, folder)));
  if (folder === undefined) return undefined;
  const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const target = exports[`.${path}`];
  const source = typeof target === 'string' ? target : target?.['@bulkhead/source'];
  return source && join(folder, source);
}
