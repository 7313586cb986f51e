import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExactNumber, parseExact } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import { compileView } from '../index.ts';

/** The test suite of SQL on FHIR, beside the checkout. */
const suiteFolder = fileURLToPath(new URL('../../../../../shared/judges/sql-on-fhir/tests/', import.meta.url));
/** The result in the suite's own format: https://github.com/FHIR/sql-on-fhir-v2/blob/master/test_report/public/README.md. */
const reportPath = fileURLToPath(new URL('../sql-on-fhir-report.json', import.meta.url));

interface SuiteTest {
  readonly title: string;
  readonly view: unknown;
  readonly expect?: readonly Readonly<Record<string, unknown>>[];
  readonly expectColumns?: readonly string[];
  readonly expectCount?: number;
  readonly expectError?: boolean;
}

interface SuiteFile {
  readonly resources: readonly unknown[];
  readonly tests: readonly SuiteTest[];
}

const suite: Readonly<Record<string, SuiteFile>> = Object.fromEntries(
  existsSync(suiteFolder)
    ? readdirSync(suiteFolder).map((name) => [
        name,
        parseExact(readFileSync(join(suiteFolder, name), 'utf8')) as SuiteFile,
      ])
    : [],
);

/** Numbers are compared by value: the suite writes 0.95 for 0.950. */
function toComparable(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(toComparable);
  return value ?? null;
}

function rowsOf({ view, resources }: { readonly view: unknown; readonly resources: readonly unknown[] }) {
  const { columns, rows } = compileView(view);
  const found = resources.flatMap((resource) => rows(resource));
  return {
    columns: columns.map(({ name }) => name),
    rows: found.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, toComparable(row[index])]))),
  };
}

function inAnyOrder(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .map(([name, value]) => [name, toComparable(value)])
          .toSorted(),
      ),
    )
    .toSorted();
}

/** @returns why the test fails, or undefined */
function whyFailed({
  test: { view, ...expected },
  resources,
}: {
  readonly test: SuiteTest;
  readonly resources: readonly unknown[];
}): string | undefined {
  let result: ReturnType<typeof rowsOf>;
  try {
    result = rowsOf({ view, resources });
  } catch (error) {
    return expected.expectError ? undefined : String(error);
  }
  try {
    expect(expected.expectError).toBeUndefined();
    if (expected.expectColumns) expect(result.columns).toEqual(expected.expectColumns);
    if (expected.expectCount !== undefined) expect(result.rows).toHaveLength(expected.expectCount);
    if (expected.expect) expect(inAnyOrder(result.rows)).toEqual(inAnyOrder(expected.expect));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

const cases = Object.entries(suite).flatMap(([file, { resources, tests }]) =>
  tests.map((member) => ({ file, title: member.title, test: member, resources })),
);

if (cases.length === 0) {
  test.skip('the published tests of SQL on FHIR pass: skipped, because ../shared/judges/sql-on-fhir is missing', () =>
    undefined);
} else {
  test.each(cases)('the published test "$title" of $file passes', (member) => {
    expect(whyFailed(member)).toBeUndefined();
  });

  test('the report of the published tests is the current result', () => {
    const report = Object.fromEntries(
      Object.entries(suite).map(([file, { resources, tests }]) => [
        file,
        {
          tests: tests.map((member) => {
            const reason = whyFailed({ test: member, resources });
            return { name: member.title, result: reason === undefined ? { passed: true } : { passed: false, reason } };
          }),
        },
      ]),
    );
    expect(cases).toHaveLength(134);
    expect(JSON.parse(readFileSync(reportPath, 'utf8'))).toEqual(report);
  });
}
