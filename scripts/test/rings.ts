import { globSync } from 'node:fs';

/**
 * How often a test file runs. Each file is in one ring.
 *
 * - `change`: what a change of one package needs. Units, features, layers and pages of the console: a proof of what the product does.
 * - `merge`: before a change is merged. Whole systems under kills and attacks, beside clients and servers that others wrote, at a
 *   size that fits in CI, the growth of readers, and the commands of the documentation.
 * - `night`: the same at ten times the size, and servers that others wrote.
 */
export const rings = ['change', 'merge', 'night'] as const;
export type Ring = (typeof rings)[number];

const folders = (...names: readonly string[]) => new RegExp(`^scripts/(?:${names.join('|')})/`);

/** Every other file is in the ring `change`. */
export const members: Readonly<Record<Exclude<Ring, 'change'>, readonly RegExp[]>> = {
  merge: [
    folders('chaos', 'copies', 'fleet', 'fuzz', 'hostile', 'interop', 'leaks', 'protocol-fuzz', 'replica-set'),
    folders('clients', 'docker', 'site'),
    /^scripts\/docs\/.*[.]integration[.]test[.]ts$/,
    /(?:^|\/)bdt[.]integration[.]test[.]ts$/,
    // They measure CPU time on texts of megabytes, which takes minutes on a busy machine.
    /(?:linear-time|growth)[.]test[.]ts$/,
  ],
  night: [folders('night', 'servers')],
};

export function ringOf(file: string): Ring {
  const isIn = (ring: keyof typeof members) => members[ring].some((pattern) => pattern.test(file));
  return isIn('night') ? 'night' : isIn('merge') ? 'merge' : 'change';
}

/** @returns the test files of the project, relative to its root */
export function testFiles(root: string): readonly string[] {
  const isForeign = (name: string) => name === 'node_modules' || name === 'dist';
  return globSync('{apps,packages,scripts}/**/*.test.ts', { cwd: root, exclude: isForeign }).sort();
}
