/** The part of `jest --json` that is counted. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that broke before or between their tests: a syntax error, a failed import, a worker that died. */
  readonly numRuntimeErrorTestSuites: number;
}

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** A file that cannot run counts as one failure, and so does a jest that leaves no report: silence is never a success. */
export function countTests(report: JestReport | undefined): TestCounts {
  if (!report) return { passed: 0, failed: 1 };
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}
