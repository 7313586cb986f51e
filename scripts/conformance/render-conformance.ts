import { relative } from 'node:path';
import type { Rule } from './rules.ts';

/** The part of `jest --json` that is used. */
export interface TestReport {
  readonly testResults: readonly {
    /** The absolute path of the file. */
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

type TaggedTest = ReturnType<typeof toTaggedTest>[number];

const tagPattern = /(?<=\s)#([a-z][a-z0-9-]*)/g;

/** Renders the page from the tests that ran and passed, so that it cannot claim more. */
export function renderConformance(options: {
  readonly rules: readonly Rule[];
  readonly report: TestReport;
  readonly root: string;
}) {
  const { rules, report, root } = options;
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap((result) => toTaggedTest(relative(root, name), result)),
  );
  const ruleIds = new Set(rules.map(({ id }) => id));
  const unknown = new Set(tests.flatMap(({ tags }) => tags).filter((tag) => !ruleIds.has(tag)));
  const proofs = rules.map((rule) => ({ rule, tests: tests.filter(({ tags }) => tags.includes(rule.id)) }));
  return {
    /** The text of docs/bulk-data-conformance.md for these results. */
    markdown: [...heading, ...proofs.map(toRow), ''].join('\n'),
    /** Rules without a passing test, rules with a test that did not pass, and tags without a rule. */
    faults: [
      ...proofs.filter((proof) => proof.tests.length === 0).map(({ rule }) => `no test names the rule #${rule.id}`),
      ...tests.filter(({ passed }) => !passed).map(({ file, title }) => `${file}: "${title}" did not pass`),
      ...[...unknown].map(
        (tag) => `#${tag} is in the title of a test, but scripts/conformance/rules.ts has no such rule`,
      ),
    ],
  };
}

const heading = [
  '# Conformance',
  '',
  'Made from the results of `npm test` by `pnpm docs:conformance`; `npm test` fails if this page differs from the',
  'tests that passed. The rules are those that clients of FHIR Bulk Data violate most often, and those that this system adds.',
  '',
  '| rule | source | shown by |',
  '| --- | --- | --- |',
];

function toTaggedTest(file: string, { fullName, status }: { fullName: string; status: string }) {
  const tags = [...fullName.matchAll(tagPattern)].map(([, tag = '']) => tag);
  if (tags.length === 0) return [];
  const title = fullName.replaceAll(tagPattern, '').replaceAll(/\s+/g, ' ').trim();
  return [{ file, title, tags, passed: status === 'passed' }];
}

function toRow({ rule, tests }: { readonly rule: Rule; readonly tests: readonly TaggedTest[] }): string {
  const byFile = Map.groupBy(tests, ({ file }) => file);
  const lines = [...byFile]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([file, ofFile]) => `\`${file}\`: ${[...new Set(ofFile.map(({ title }) => title))].join('; ')}`);
  const cells = [`**${rule.id}**: ${rule.text}`, rule.source, lines.join('<br>')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
