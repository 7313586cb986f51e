import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { withReference } from './command-reference.ts';
import { exitCodes } from './exit-codes.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

test('docs/cli.md describes every command with its options, as `pnpm docs:cli` writes it', () => {
  expect(page).toBe(withReference(page));
  expect(page).toContain('\n#### export start\n');
});

test('docs/cli.md lists every exit code', () => {
  for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
});
