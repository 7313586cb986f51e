import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { captureCommand } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';

/** Runs the check on a tree of files. */
async function check(texts: Readonly<Record<string, string>>) {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-prose-'));
  for (const [path, text] of Object.entries(texts)) {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const command = [process.execPath, join(import.meta.dirname, 'prose.mjs'), '--root', folder.path];
  const { code, stdout, stderr } = await captureCommand({ command, env: process.env });
  return { code, output: stderr + stdout };
}

// Split, so that the check of this project does not find them here.
const oldPhrase = ['the key of who', 'ever has called'].join('');
const misspelt = 'the text of the server is read'.replace('server', ['ser', 'vr'].join(''));

test('the prose check reports an old phrase and a misspelt word, in each kind of text, with their positions', async () => {
  const { code, output } = await check({
    'apps/a/comment.ts': `/** Returns\n * ${oldPhrase}. */\nexport const a = 1;`,
    'packages/a/line-comment.mjs': `// Returns\n// ${oldPhrase}.\nexport const a = 1;`,
    'scripts/title.test.ts': `test.each([1])('returns ${oldPhrase}', () => {});`,
    'apps/a/message.ts': `throw new Error('returns ${oldPhrase}');`,
    'apps/a/console.tsx': `export const a = <p>Shows ${oldPhrase}</p>;`,
    'docs/a/page.md': `# Keys\n\nIt returns ${oldPhrase}.`,
    'README.md': misspelt,
  });
  expect(code).toBe(1);
  const faults = output.split('\n').filter((line) => /^[\w/.-]+:\d+: /.test(line));
  const phrase = expect.stringMatching(/who[e]ver => name the actor/);
  expect(faults.map((fault) => [fault.split(':').slice(0, 2).join(':'), fault])).toEqual(
    expect.arrayContaining([
      ['apps/a/comment.ts:1', phrase],
      ['packages/a/line-comment.mjs:1', phrase],
      ['scripts/title.test.ts:1', phrase],
      ['apps/a/message.ts:1', phrase],
      ['apps/a/console.tsx:1', phrase],
      ['docs/a/page.md:3', phrase],
      ['README.md:1', expect.stringContaining(['unknown word "ser', 'vr"'].join(''))],
    ]),
  );
  expect(faults).toHaveLength(7);
});

test('the prose check ignores code, and prose that follows the rules', async () => {
  const text = `/** Returns \`${oldPhrase}\` of the caller. */\nconst name = 'a.b/c';\nconst whoeverCalled = { name };`;
  const { code, output } = await check({ 'apps/a/a.ts': text });
  expect([code, output]).toEqual([0, expect.stringContaining('1 passages, 0 faults')]);
});

// Split, too.
const uncommon = ['The API does not ', 'answer, and rep', 'airs a file of its', ' own.'].join('');

test('the prose check reports words that are only allowed where no user reads them', async () => {
  const { code, output } = await check({
    'README.md': uncommon,
    'docs/how-to/page.md': uncommon,
    'packages/a/src/errors.ts': `export const message = '${uncommon}';`,
    'apps/api/src/endpoints/a.endpoints.ts': `export const description = '${uncommon}';`,
    'apps/console/src/a.tsx': `export const a = <p>${uncommon}</p>;`,
    'docs/decisions/page.md': uncommon,
    'packages/a/src/comment.ts': `/** ${uncommon} */\nexport const a = 1;`,
    'packages/a/src/a.test.ts': `test('${uncommon}', () => {});`,
  });
  expect(code).toBe(1);
  const faults = output.split('\n').filter((line) => line.includes(' => '));
  const files = faults.map((fault) => fault.split(':')[0]);
  expect(Map.groupBy(files, (file) => file).size).toBe(5);
  expect(faults.filter((fault) => fault.startsWith('README.md:'))).toEqual([
    expect.stringContaining('=> does not respond'),
    expect.stringContaining('=> fix'),
    expect.stringContaining('say which'),
  ]);
});
