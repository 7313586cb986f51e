import { globSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorFacts, type ErrorTable, type PeopleText, present, type WarningTable } from '@bulkhead/base';
import { holdReasons } from '@bulkhead/imports/export';
import { quarantineReasons } from '@bulkhead/records/quarantine';

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

/** Returns docs/errors.md with the codes of each section, and with all codes. The text around them stays. */
export function renderErrors(page: string, tables: Awaited<ReturnType<typeof readTables>>): string {
  const meanings = listMeanings(tables);
  const sections = Map.groupBy(meanings, ({ section }) => section);
  const listed = [...sections].reduce((text, [title, ofSection]) => replaceCodes(text, title, ofSection), page);
  const [before, after] = listed.split(allCodes);
  if (after === undefined) throw new Error('docs/errors.md has no heading "All codes".');
  return `${before}${allCodes}${renderCodes(meanings)}`;
}

/** The texts for people, for packages/client/src/code-texts.json. A fixed message of an error is only for programs. */
export function renderTexts({ errors, warnings }: Awaited<ReturnType<typeof readTables>>): string {
  const toText = ({ title, advice, fixedAt }: PeopleText) => ({ title, advice, ...present({ fixedAt }) });
  const toTexts = (entries: readonly (readonly [string, PeopleText])[]) =>
    Object.fromEntries(entries.map(([code, facts]) => [code, toText(facts)]));
  const texts = {
    errors: Object.fromEntries(
      errors.toReversed().map(([code, facts]) => {
        const messages = errors.flatMap(([other, { message }]) => (other === code ? (message ?? []) : []));
        return [
          code,
          { ...toText(facts), ...(messages.length === 0 ? {} : { messages: [...new Set(messages)].join('\n') }) },
        ];
      }),
    ),
    warnings: toTexts(Object.values(warnings).flatMap((table) => Object.entries(table))),
    reasons: toTexts(Object.entries(quarantineReasons)),
  };
  return `${JSON.stringify(texts, null, 2)}\n`;
}

const allCodes = '\n## All codes\n';

interface Meaning {
  readonly code: string;
  readonly section: string;
  readonly kind: string;
  readonly status?: number | undefined;
  readonly text: string;
}

/** Lists what each code means in each place where it appears. The same meaning in two packages is listed once. */
function listMeanings({ errors, warnings }: Awaited<ReturnType<typeof readTables>>): readonly Meaning[] {
  const meaningsOf = (section: string, kind: string, table: WarningTable = {}) =>
    Object.entries(table).map(([code, { help: text }]) => ({ code, section, kind, text }));
  const errorMeanings = errors.map(([code, { status, message = '', help = message }]) =>
    status === undefined
      ? { code, section: 'Other errors', kind: 'Error', text: help }
      : { code, section: 'Errors of the API', kind: `API, ${status}`, status, text: help },
  );
  const meanings = [
    ...errorMeanings.toSorted((left, right) => left.text.localeCompare(right.text, 'en')),
    ...meaningsOf('Warnings of an export', 'Export warning', warnings.exportWarnings),
    ...meaningsOf('Warnings of a sync', 'Sync warning', warnings.syncWarnings),
    ...meaningsOf('Warnings of an erasure', 'Erasure warning', warnings.erasureWarnings),
    ...meaningsOf('Reasons to quarantine a line', 'Quarantine reason', quarantineReasons),
    ...Object.entries(holdReasons).map(([code, text]) => ({
      code,
      section: 'Reasons to hold a watermark',
      kind: 'Watermark reason',
      text,
    })),
  ];
  return [...Map.groupBy(meanings, ({ code, kind, text }) => `${code} ${kind} ${text}`).values()]
    .flatMap(([meaning]) => meaning ?? [])
    .toSorted((left, right) => left.code.localeCompare(right.code, 'en'));
}

/** Each code is a heading, so that it has a link, and the search of the site leads to it. */
function renderCodes(meanings: readonly Meaning[]): string {
  return [...Map.groupBy(meanings, ({ code }) => code)]
    .map(([code, ofCode]) => {
      const bullet = ofCode.length > 1 ? '- ' : '';
      const lines = ofCode.map(({ kind, text }) => `${bullet}*${kind}.* ${text}\n`);
      return `\n### \`${code}\`\n\n${lines.join('')}`;
    })
    .join('');
}

/** Replaces the last part of a section: the line with its codes, or a line for each status. */
function replaceCodes(page: string, title: string, meanings: readonly Meaning[]): string {
  const byStatus = Map.groupBy(meanings, ({ status }) => status);
  const lines = [...byStatus]
    .toSorted(([left = 0], [right = 0]) => left - right)
    .map(([status, ofStatus]) => {
      const codes = [...new Set(ofStatus.map(({ code }) => `[\`${code}\`](#${code})`))];
      return `${status === undefined ? '' : `- ${status}: `}${codes.join(', ')}\n`;
    });
  const [before, after] = page.split(`\n## ${title}\n`);
  const changed = after?.replace(/(?:^(?:- \d+: )?\[`.*\n)+/m, () => lines.join(''));
  if (changed === undefined) throw new Error(`docs/errors.md has no heading "${title}".`);
  return `${before}\n## ${title}\n${changed}`;
}
