import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { httpStatus } from './to-error-answer.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..', '..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const codesOf = (cell: string) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code);

test('docs/errors.md lists every code of the API with its status, and no other', () => {
  const [, section = ''] = page.split('\n## Errors of the API\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| ([\d, ]+) \| (.+?) \|/gm)];
  const documented = rows.flatMap(([, status, cell = '']) => codesOf(cell).map((code) => [code, status] as const));
  // These two are not in the table of the code: Node.js refuses the request, or the error is unexpected.
  const expected = { ...httpStatus, 'unreadable-request': '400, 408, 431', internal: 500 };
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(Object.entries(expected).map(([code, status]) => [code, String(status)])),
  );
  expect(documented).toHaveLength(Object.keys(expected).length);
});

test('docs/errors.md lists only codes that the sources contain', () => {
  const files = globSync('{apps,packages}/*/src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
  const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const sections = page.split('\n## ').slice(2).join('\n');
  const documented = [...sections.matchAll(/^\| (?:[\w ]+ \| )?(`[a-z-]+`(?:, `[a-z-]+`)*) \| .+ \|$/gm)].flatMap(
    ([, cell = '']) => codesOf(cell),
  );
  expect(documented.length).toBeGreaterThan(80);
  expect(documented.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});
