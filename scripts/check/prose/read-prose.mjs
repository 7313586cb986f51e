// Reads the prose of the project: comments, test titles, messages and pages, each with its position.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';

/** @typedef {{ kind: 'comment' | 'title' | 'message' | 'page', file: string, line: number, text: string }} Passage */

const project = fileURLToPath(new URL('../../..', import.meta.url));
// Engineers read the pages about the design.
const userPages = /^(?:README|docs\/(?:(?:cli|how-to|scaling|security)\/)?(?!architecture|asvs)[\w-]+)\.md$/;
const userMessages =
  /^apps\/(?:cli|console)\/src\/|^(?:apps|packages)\/[\w/-]+(?:\/errors|\.(?:endpoints?|schema|record))\.ts$/;
const testFunctions = ['test', 'it', 'describe', 'each'];

/** @returns {Passage[]} in the order of files and lines, each text on one line and without code */
export function readProse(root = project) {
  const sources = globSync('{apps,packages,scripts}/**/*.{ts,tsx,mjs}', { cwd: root, exclude: isForeign });
  const pages = globSync(['*.md', 'docs/**/*.md', '{apps,packages,scripts}/*/README.md'], { cwd: root });
  const passages = [
    ...sources.flatMap((file) => passagesOfSource(root, file)),
    ...pages.flatMap((file) => passagesOfPage(root, file)),
  ];
  return passages.filter(({ text }) => isProse(text));
}

/** Whether users read a passage: their pages, and messages of the console, the command line and the API. */
export function isForUsers({ kind, file }) {
  if (kind === 'page') return userPages.test(file);
  return kind === 'message' && userMessages.test(file) && !/\.(?:test|fixture)\./.test(file);
}

function isForeign(path) {
  // The simulated practice contains names and texts of patients in several languages.
  return /(?:^|\/)(?:node_modules|dist|api-types\.ts|practice)$/.test(path);
}

function passagesOfSource(root, file) {
  const source = readFileSync(join(root, file), 'utf8');
  const { program, comments } = parseSync(file, source);
  const lineOf = lineCounter(source);
  const passages = [];
  const add = (kind, start, text) => passages.push({ kind, file, line: lineOf(start), text: withoutCode(text) });
  for (const { start, value } of joined(comments, source)) add('comment', start, value.replaceAll(/^\s*\*+/gm, ' '));
  const titles = new Set();
  const addTexts = (node, kind) => {
    if (node.type === 'Literal' && typeof node.value === 'string' && !titles.has(node))
      add(kind, node.start, node.value);
    if (node.type === 'TemplateLiteral' && !titles.has(node))
      add(kind, node.start, node.quasis.map(({ value }) => value.cooked).join(' X '));
  };
  new Visitor({
    CallExpression({ callee, arguments: [title] }) {
      const names = [callee, callee.callee].flatMap((node) => [node?.name, node?.object?.name, node?.property?.name]);
      if (!title || !testFunctions.some((name) => names.includes(name))) return;
      addTexts(title, 'title');
      titles.add(title);
    },
    Literal: (node) => addTexts(node, 'message'),
    TemplateLiteral: (node) => addTexts(node, 'message'),
    JSXText: ({ start, value }) => add('message', start, value),
  }).visit(program);
  return passages;
}

/** Joins line comments that follow each other into one text. */
function joined(comments, source) {
  const texts = [];
  for (const { type, start, end, value } of comments) {
    const last = texts.at(-1);
    const follows = type === 'Line' && last?.type === 'Line' && /^\n[ \t]*$/.test(source.slice(last.end, start));
    if (follows) Object.assign(last, { value: `${last.value}\n${value}`, end });
    else texts.push({ type, start, end, value });
  }
  return texts;
}

function passagesOfPage(root, file) {
  const blank = (text) => text.replaceAll(/[^\n]/g, ' ');
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, blank);
  const lineOf = lineCounter(text);
  // A paragraph, a list item or a cell of a table.
  return [...text.matchAll(/(?:(?!\n\s*\n|\n\s*(?:[-*]|\d+\.)\s|\|)[\s\S])+/g)].map(({ 0: passage, index }) => ({
    kind: 'page',
    file,
    line: lineOf(index + passage.search(/\S|$/)),
    text: withoutCode(passage),
  }));
}

/** Returns the text of a passage on one line, without code, addresses and punctuation marks of the markup. */
function withoutCode(text) {
  return text
    .replaceAll(/`[^`]*`/g, 'X')
    .replaceAll(/\]\([^()]*\)/g, ']')
    .replaceAll(/(?:https?:|\/|\$\{|(?<![\w-])[\w-]*[./_]\w|[#@%]\w)\S*/g, 'X')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s\-*>#|]+/, '')
    .trim();
}

/** Whether a text has three words or more, most of them words of a language. */
function isProse(text) {
  const words = text.split(' ');
  return (
    words.length > 2 &&
    words.filter((word) => /^["'(*[]*[A-Za-z][a-z’-]*(?:'+[a-z’-]+)*[)*\].,:;!?"']*$/.test(word)).length >
      words.length * 0.6
  );
}

/** @returns a function that gives the line, counted from 1, of an offset in the text */
export function lineCounter(text) {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
