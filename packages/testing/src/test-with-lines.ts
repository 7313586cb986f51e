import { test } from '@jest/globals';

/** Defines a test of published lines. If their folder is missing, the test is skipped, and its title says which folder to set. */
export function testWithLines(options: {
  readonly title: string;
  readonly lines: readonly string[];
  readonly run: (lines: readonly string[]) => void;
}): void {
  const { title, lines, run } = options;
  if (lines.length > 0) test(title, () => run(lines));
  else test.skip(`${title}: the folder is missing, set FHIR_EXAMPLES_DIR or INTEROP_DATA_DIR`, () => undefined);
}
