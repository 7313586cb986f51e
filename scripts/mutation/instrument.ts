import { readFile } from 'node:fs/promises';
import { type babel, Instrumenter } from '@stryker-mutator/instrumenter';

export interface Mutant {
  readonly id: string;
  /** Relative to the root of the checkout. */
  readonly file: string;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/** Returns StrykerJS's mutants of these files, except for those in texts and log lines. */
export async function instrument(root: string, files: readonly string[]) {
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await readFile(`${root}/${file}`, 'utf8'));
  const { files: results, mutants } = await new Instrumenter(silentLogger).instrument(
    [...texts].map(([name, content]) => ({ name, content, mutate: true })),
    {
      plugins: null,
      excludedMutations: [],
      ignorers: [{ shouldIgnore: (path) => ignoreReason(path as babel.NodePath) }],
    },
  );
  return {
    /** The text by absolute path. Every mutant in it is behind a switch. */
    sources: Object.fromEntries(results.map(({ name, content }) => [`${root}/${name}`, content])),
    mutants: mutants
      .filter(({ status }) => status === undefined)
      .map(({ id, fileName, location, replacement }) => ({
        id,
        file: fileName,
        line: location.start.line + 1,
        original: textAt(texts.get(fileName) ?? '', location),
        replacement,
      })),
  };
}

/** A test that compares sentences word for word proves nothing about behaviour. */
function ignoreReason(path: babel.NodePath): string | undefined {
  if (path.isStringLiteral() && isProse(path.node.value)) return 'text for people';
  if (path.isTemplateLiteral() && path.node.quasis.some(({ value }) => isProse(value.raw))) return 'text for people';
  const call = path.isExpressionStatement() ? path.get('expression') : path;
  if (call.isCallExpression() && /\blogger\.\w+$/.test(call.get('callee').toString())) return 'log line';
  return undefined;
}

/** Whether a text has words with a space between them. */
function isProse(text: string): boolean {
  return /[a-z,.:'] [a-z]/i.test(text) && !/[=(){}]/.test(text);
}

interface Position {
  readonly line: number;
  readonly column: number;
}

function textAt(text: string, { start, end }: { readonly start: Position; readonly end: Position }): string {
  const lines = text.split('\n');
  const offset = ({ line, column }: Position) => lines.slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + column;
  return text.slice(offset(start), offset(end));
}

const nothing = () => undefined;
const no = () => false;
const silentLogger = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};
