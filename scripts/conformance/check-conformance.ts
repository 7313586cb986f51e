import { relative } from 'node:path';
import type { JestReport } from '../test/count-tests.ts';

const tagPattern = /(?<=\s)#([a-z][a-z0-9-]*)/g;
const rulePattern = /^\| ([a-z][a-z0-9-]*) \|/gm;

/**
 * Compares the rules of docs/bulk-data-conformance.md with the tests that ran, so that the page cannot claim more.
 *
 * @param options.page the text of the page, with one rule a row
 * @param options.root the folder that file names are relative to
 * @returns rules without a test, tests of a rule that did not pass, and tags without a rule: one line each
 */
export function checkConformance(options: {
  readonly page: string;
  readonly report: Pick<JestReport, 'testResults'>;
  readonly root: string;
}): readonly string[] {
  const { page, report, root } = options;
  const rules = new Set([...page.matchAll(rulePattern)].map(([, id]) => id).filter((id) => id !== 'rule'));
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) =>
      [...fullName.matchAll(tagPattern)].map(([, tag]) => ({ tag, fullName, status, file: relative(root, name) })),
    ),
  );
  const tags = new Set(tests.map(({ tag }) => tag));
  return [
    ...[...rules].filter((id) => !tags.has(id)).map((id) => `no test names the rule #${id}`),
    ...tests
      .filter(({ status }) => status !== 'passed')
      .map(({ file, fullName }) => `${file}: "${fullName}" did not pass`),
    ...[...tags]
      .filter((tag) => !rules.has(tag))
      .map((tag) => `#${tag} is in the title of a test, but docs/bulk-data-conformance.md has no such rule`),
  ];
}
