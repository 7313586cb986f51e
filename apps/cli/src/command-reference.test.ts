import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { toPages, withIndex } from './command-reference.ts';
import { exitCodes } from './exit-codes.ts';

const index = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const folder = new URL('../../../docs/cli/', import.meta.url);

test('docs/cli.md lists every command and the common options, as `pnpm docs:cli` writes them', () => {
  expect(index).toBe(withIndex(index));
  expect(index).toMatch(/^\| \[export\]\(cli\/export\.md\) \| .* \| `start`, /m);
});

test('the pages of docs/cli describe every command with its options, as `pnpm docs:cli` writes them', () => {
  const pages = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
  expect(Object.fromEntries(pages)).toEqual(Object.fromEntries(toPages()));
  expect(toPages().get('export.md')).toContain('\n## export start\n');
  expect(toPages().get('other.md')).toContain('\n## doctor\n');
});

test('docs/cli.md lists every exit code', () => {
  for (const code of Object.values(exitCodes)) expect(index).toContain(`\n| ${code} | `);
});
