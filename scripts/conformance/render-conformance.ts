import { relative } from 'node:path';
import type { Rule } from './rules.ts';

/** The part of `jest --json` that is read. */
export interface TestReport {
  readonly testResults: readonly {
    /** Absolute path of the file. */
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface Conformance {
  /** docs/bulk-data-conformance.md as these results make it. */
  readonly markdown: string;
  /** Rules without a test that passed, rules with one that did not, and tags that are no rule. */
  readonly faults: readonly string[];
}

interface TaggedTest {
  readonly file: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly passed: boolean;
}

const tagPattern = /(?<=\s)#([a-z][a-z0-9-]*)/g;

/** From what ran and passed, never from what somebody wrote down. */
export function renderConformance(options: {
  readonly rules: readonly Rule[];
  readonly report: TestReport;
  readonly root: string;
}): Conformance {
  const { rules, report, root } = options;
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap((result) => toTaggedTest(relative(root, name), result)),
  );
  const known = new Set(rules.map(({ id }) => id));
  const unknown = new Set(tests.flatMap(({ tags }) => tags).filter((tag) => !known.has(tag)));
  const proofs = rules.map((rule) => ({ rule, tests: tests.filter(({ tags }) => tags.includes(rule.id)) }));
  return {
    markdown: [...heading, ...proofs.map(toRow), ''].join('\n'),
    faults: [
      ...proofs.filter((proof) => proof.tests.length === 0).map(({ rule }) => `no test names the rule #${rule.id}`),
      ...tests.filter(({ passed }) => !passed).map(({ file, title }) => `${file}: "${title}" did not pass`),
      ...[...unknown].map((tag) => `#${tag} stands in a test's title and is no rule of scripts/conformance/rules.ts`),
    ],
  };
}

const heading = [
  '# Conformance',
  '',
  'Made from the results of `npm test` by `pnpm docs:conformance`; `npm test` fails where this page says something else than',
  'what has just passed. The rules are those that clients of FHIR Bulk Data break most, and those that this system adds.',
  '',
  '| rule | source | shown by |',
  '| --- | --- | --- |',
];

function toTaggedTest(file: string, { fullName, status }: { fullName: string; status: string }): TaggedTest[] {
  const tags = [...fullName.matchAll(tagPattern)].map(([, tag = '']) => tag);
  if (tags.length === 0) return [];
  const title = fullName.replaceAll(tagPattern, '').replaceAll(/\s+/g, ' ').trim();
  return [{ file, title, tags, passed: status === 'passed' }];
}

function toRow({ rule, tests }: { readonly rule: Rule; readonly tests: readonly TaggedTest[] }): string {
  const byFile = Map.groupBy(tests, ({ file }) => file);
  const shown = [...byFile]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([file, ofFile]) => `\`${file}\`: ${[...new Set(ofFile.map(({ title }) => title))].join('; ')}`);
  const cells = [`**${rule.id}**: ${rule.text}`, rule.source, shown.join('<br>')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
