import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('docs/architecture.md shows the measures of the layout as they are', () => {
  const page = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const [, table = ''] = /### Measures of the layout([\s\S]*?)\n## /.exec(page) ?? [];
  const rows = table.split('\n').flatMap((line) => {
    const [, measure, value] = /^\| (.+?) \| (\d+) \|$/.exec(line) ?? [];
    return measure === undefined ? [] : [[measure, Number(value)] as const];
  });
  const program = fileURLToPath(new URL('measures.mjs', import.meta.url));
  const layout = JSON.parse(execFileSync(process.execPath, [program, '--json'], { encoding: 'utf8' }));
  expect(Object.fromEntries(rows)).toEqual(layout);
});
