import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { notRun } from './not-run.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: root })];

const blocks = pages.flatMap((page) =>
  [...read(page).matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, language = '', text = '']) => ({
    page,
    language,
    text: text.trimStart(),
    first: text.trimStart().split('\n')[0],
  })),
);
const commands = blocks.filter(({ language }) => ['bash', 'sh', 'shell', 'console'].includes(language));
const isLeftOut = ({ page, text }: (typeof blocks)[number]) =>
  notRun.some((exclusion) => exclusion.page === page && text.startsWith(exclusion.begins));
/** The tests of this folder, which name the pages whose commands they run. */
const tests = globSync('*.integration.test.ts', { cwd: import.meta.dirname }).map((file) =>
  read(`scripts/docs/${file}`),
);

test('the search finds the commands of the documentation', () => {
  expect(commands.length).toBeGreaterThan(30);
});

test.each(commands.filter((block) => !isLeftOut(block)))(
  'a test runs the command of $page: $first',
  ({ page, language }) => {
    expect(language).toBe('bash');
    expect(tests.some((text) => text.includes(`'${page}'`))).toBe(true);
  },
);

test.each(notRun)(
  'a command that no test runs has a reason and still exists: $page: $begins',
  ({ page, begins, reason }) => {
    expect(reason).not.toBe('');
    expect(commands.filter((block) => block.page === page && block.text.startsWith(begins))).toHaveLength(1);
  },
);

test('no page shows a key that does not begin as keys do', () => {
  const texts = pages.map((page) => ({ page, keys: [...read(page).matchAll(/\bbh_[\w…]+/g)].map(([key]) => key) }));
  expect(texts.filter(({ keys }) => keys.length > 0)).toEqual([]);
});

test('each command is in a block that is marked as bash', () => {
  const command = /^(?:\$ |curl|npm|npx|pnpm|docker|kubectl|helm|bulkhead|export [A-Z]|node_modules\/|openssl) /m;
  expect(blocks.filter(({ language, text }) => language === '' && command.test(text))).toEqual([]);
});
