import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { toPages } from './command-reference.ts';
import { groups, singleCommands } from './create-program.ts';
import { exitCodes } from './exit-codes.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

test('the pages of the reference describe every command with its options', () => {
  const pages = [...toPages().values()].join('\n');
  for (const { name, commands } of groups)
    for (const command of commands) expect(pages).toContain(`\n## ${name} ${command.name}`);
  for (const { name } of singleCommands) expect(toPages().get('other.md')).toContain(`\n## ${name}`);
  expect(toPages().get('export.md')).toContain('\n- `--type-filter <filter>`: ');
});

test('docs/cli.md lists every exit code', () => {
  for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
});
