import { globSync } from 'node:fs';
import { join } from 'node:path';
import { holdReasons } from '@bulkhead/bulk-export';
import { quarantineReasons } from '@bulkhead/quarantine';
import { type ErrorFacts, type ErrorTable, type PeopleText, present, type WarningTable } from '@bulkhead/runtime';

const root = join(import.meta.dirname, '..', '..');

/** Reads the errors and the warnings of all packages and apps from every `errors.ts`, so no list can lack one. */
export async function readTables() {
  const files = globSync('{packages,apps}/*/src/**/errors.ts', { cwd: root });
  const modules = await Promise.all(files.map((file) => import(join(root, file))));
  const exported = modules.flatMap((module) => Object.entries<{ readonly table?: ErrorTable }>(module));
  const isWarnings = ([name]: readonly [string, unknown]) => name.endsWith('Warnings');
  return {
    errors: exported.flatMap(([, { table = {} }]) => Object.entries<ErrorFacts>(table)),
    warnings: Object.fromEntries(exported.filter(isWarnings)) as Readonly<Record<string, WarningTable>>,
  };
}

/** Returns docs/errors.md with the rows of the tables. The text around them stays. */
export function renderErrors(page: string, { errors, warnings }: Awaited<ReturnType<typeof readTables>>): string {
  const rows = errors.map(([code, { status, message = '', help = message }]) => ({ status, code, text: help }));
  const byCode = rows.toSorted((left, right) => (left.code < right.code ? -1 : 1));
  const textsOf = (table: WarningTable = {}) => Object.entries(table).map(([code, { help: text }]) => ({ code, text }));
  const sections = {
    'Errors of the API': byCode
      .filter(({ status }) => status !== undefined)
      .toSorted((left, right) => (left.status ?? 0) - (right.status ?? 0)),
    'Other errors': byCode.filter(({ status }) => status === undefined),
    'Warnings of an export': textsOf(warnings.exportWarnings),
    'Warnings of a sync': textsOf(warnings.syncWarnings),
    'Warnings of an erasure': textsOf(warnings.erasureWarnings),
    'Reasons to quarantine a line': textsOf(quarantineReasons),
    'Reasons to hold a watermark': Object.entries(holdReasons).map(([code, text]) => ({ code, text })),
  };
  return Object.entries(sections).reduce((text, [title, rowsOf]) => replaceRows(text, title, toRows(rowsOf)), page);
}

/** The texts for people, for packages/client/src/code-texts.json. A fixed message of an error is only for programs. */
export function renderTexts({ errors, warnings }: Awaited<ReturnType<typeof readTables>>): string {
  const toText = ({ title, advice, fixedAt }: PeopleText) => ({ title, advice, ...present({ fixedAt }) });
  const toTexts = (entries: readonly (readonly [string, PeopleText])[]) =>
    Object.fromEntries(entries.map(([code, facts]) => [code, toText(facts)]));
  const texts = {
    errors: Object.fromEntries(
      errors.toReversed().map(([code, facts]) => [code, { ...toText(facts), ...present({ message: facts.message }) }]),
    ),
    warnings: toTexts(Object.values(warnings).flatMap((table) => Object.entries(table))),
    reasons: toTexts(Object.entries(quarantineReasons)),
  };
  return `${JSON.stringify(texts, null, 2)}\n`;
}

interface Row {
  readonly status?: number | undefined;
  readonly code: string;
  readonly text: string;
}

/** Codes of which the same is said share a row. */
function toRows(rows: readonly Row[]): string {
  const grouped = Map.groupBy(rows, ({ status, text }) => `${status}: ${text}`);
  return [...grouped.values()]
    .map((group) => {
      const [{ status, text } = { text: '' }] = group;
      const codes = [...new Set(group.map(({ code }) => `\`${code}\``))].join(', ');
      return `|${status === undefined ? '' : ` ${status} |`} ${codes} | ${text} |\n`;
    })
    .join('');
}

function replaceRows(page: string, title: string, rows: string): string {
  const [before, after] = page.split(`\n## ${title}\n`);
  const changed = after?.replace(/(\n\|-[-|]*\n)(?:\|.*\n)*/, (_, head: string) => `${head}${rows}`);
  if (changed === undefined) throw new Error(`docs/errors.md has no heading "${title}".`);
  return `${before}\n## ${title}\n${changed}`;
}
