import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../../../docs/guide-examples.md', import.meta.url));

/** The TypeScript blocks of the guide in their order: the three snippets of its workflow, then its three examples. */
export function guideBlocks(): string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^( *)```typescript\n(.*?)^\1```/gms)].map(([, indent = '', code = '']) =>
    code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/**
 * Runs a block unchanged, with the variables of `scope`. Imports are resolved from `modules`.
 * @returns the values of `names` after the run
 */
export async function runGuideBlock(options: {
  readonly code: string;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly modules?: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: the guide's code declares values of any type.
}): Promise<Record<string, any>> {
  const { code, scope, modules = {}, names } = options;
  const served = stripTypeScriptTypes(code).replaceAll(
    /import (\{[^}]+\}) from ('[^']+');/g,
    (_, bindings: string, module: string) => `const ${bindings} = modules[${module}];`,
  );
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<Record<string, unknown>>;
  const run = new AsyncFunction('modules', ...Object.keys(scope), `${served}\nreturn { ${names.join(', ')} };`);
  return run(modules, ...Object.values(scope));
}
