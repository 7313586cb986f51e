import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { renderConformance, type TestReport } from './render-conformance.ts';
import { rules } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = fileURLToPath(new URL('../../docs/bulk-data-conformance.md', import.meta.url));

/**
 * Compares docs/bulk-data-conformance.md with the tests that have just passed, or writes it.
 *
 * @returns the faults, one line for each
 */
export async function checkConformance(options: {
  readonly report: TestReport;
  readonly write: boolean;
}): Promise<readonly string[]> {
  const { report, write } = options;
  const { markdown, faults } = renderConformance({ rules, report, root });
  if (write && faults.length === 0) await writeFile(page, markdown);
  const currentPage = await readFile(page, 'utf8').catch(() => '');
  if (currentPage === markdown) return faults;
  return [
    ...faults,
    'docs/bulk-data-conformance.md differs from the results of the tests. Run `pnpm docs:conformance`.',
  ];
}
