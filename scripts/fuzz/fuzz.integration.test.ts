import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';

/** Some twenty for each operation; the whole is `pnpm fuzz`. */
const requests = 800;

test('no generated request gets a server error, or an answer that the API’s document does not have', async () => {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: [
      '--conditions=@bulkhead/source',
      join(import.meta.dirname, 'main.ts'),
      ...['--json', '--seed', '7', '--requests', String(requests)],
    ],
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  // Which request, and what was wrong with its answer: the sums alone do not tell.
  if (code !== 0) console.error(lines.join('\n'));
  const result = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '{}');
  expect(result).toMatchObject({ requests, serverErrors: 0, undocumented: 0, findings: [] });
  // That most of it got behind the validation, too.
  expect(Object.keys(result.statuses)).toEqual(
    expect.arrayContaining(['200', '201', '202', '204', '400', '401', '404']),
  );
}, 120_000);
