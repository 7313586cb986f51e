import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withVendors } from './vendor-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/providers.md'), 'utf8');

test('docs/providers.md is up to date (`pnpm docs:vendors` writes it)', () => {
  expect(withVendors(page)).toBe(page);
});

test('a source without an address is marked', () => {
  expect(page).toMatch(/code of other clients, read on [0-9-]+[.] [*][*]It has no address[*][*]/);
  expect(page).not.toMatch(/portal[.]api[.]modmed[.]com[^|]*no address/);
});
