// usage: node scripts/check/prose.mjs [--root DIR] [PATH...]
// Checks the prose of comments, test titles, messages and pages against the house rules (textlint and prh,
// prose/house-rules.yml), texts for users also against prose/user-rules.yml, and checks the spelling (cspell, with the
// words of prose/words.txt). Prints each fault with its position. Exit 1 if there is one.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TextlintKernel } from '@textlint/kernel';
import textPlugin from '@textlint/textlint-plugin-text';
import { getDefaultSettings, mergeSettings, spellCheckDocument } from 'cspell-lib';
import prh from 'textlint-rule-prh';
import { isForUsers, lineCounter, readProse } from './prose/read-prose.mjs';

const houseRules = fileURLToPath(new URL('prose/house-rules.yml', import.meta.url));
const userRules = fileURLToPath(new URL('prose/user-rules.yml', import.meta.url));
const words = readFileSync(new URL('prose/words.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean);
const { values, positionals: paths } = parseArgs({ options: { root: { type: 'string' } }, allowPositionals: true });
const passages = readProse(values.root).filter(
  ({ file }) => paths.length === 0 || paths.some((path) => file.startsWith(path)),
);
// Each passage is one line of a single document, so that each program reads the document once.
const document = passages.map(({ text }) => text).join('\n');
const userDocument = passages.map((passage) => (isForUsers(passage) ? passage.text : '')).join('\n');

const faults = [
  ...(await breakRules(houseRules, document)),
  ...(await breakRules(userRules, userDocument)),
  ...(await misspellings()),
];
for (const { line, text } of faults.sort((a, b) => a.line - b.line)) {
  const { file, line: position } = passages[line - 1];
  console.error(`${file}:${position}: ${text}`);
}
console.log(`${passages.length} passages, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

async function breakRules(rules, text) {
  const { messages } = await new TextlintKernel().lintText(text, {
    ext: '.txt',
    plugins: [{ pluginId: 'text', plugin: textPlugin.default ?? textPlugin }],
    rules: [{ ruleId: 'prh', rule: prh.default ?? prh, options: { rulePaths: [rules] } }],
  });
  return messages.map(({ loc, message }) => ({ line: loc.start.line, text: message }));
}

async function misspellings() {
  const settings = mergeSettings(await getDefaultSettings(), {
    words,
    language: 'en-US,en-GB',
    caseSensitive: false,
    maxNumberOfProblems: 10_000,
    maxDuplicateProblems: 10_000,
  });
  const options = { noConfigSearch: true, generateSuggestions: false };
  const { issues } = await spellCheckDocument(
    { uri: 'prose.txt', text: document, languageId: 'plaintext' },
    options,
    settings,
  );
  const lineOf = lineCounter(document);
  return issues.map(({ text, line }) => ({
    line: lineOf(line.offset),
    text: `unknown word "${text}": correct it, or add it to scripts/check/prose/words.txt`,
  }));
}
