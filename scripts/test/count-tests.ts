/** The part of `jest --json` that is used. */
export interface JestReport {
  readonly testResults: readonly {
    /** The absolute path of the file. */
    readonly name: string;
    /** In milliseconds since 1970, as `endTime`. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that failed before or between their tests: a syntax error, a failed import, or a worker that died. */
  readonly numRuntimeErrorTestSuites: number;
}

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** A file that cannot run counts as one failure, and so does a missing report: no output is never a success. */
export function countTests(report: Omit<JestReport, 'testResults'> | undefined): TestCounts {
  if (!report) return { passed: 0, failed: 1 };
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

/** For a run in which no file had to run. */
export const emptyReport: JestReport = {
  testResults: [],
  numPassedTests: 0,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
};

export function joinReports(left: JestReport, right: JestReport): JestReport {
  return {
    testResults: [...left.testResults, ...right.testResults],
    numPassedTests: left.numPassedTests + right.numPassedTests,
    numFailedTests: left.numFailedTests + right.numFailedTests,
    numRuntimeErrorTestSuites: left.numRuntimeErrorTestSuites + right.numRuntimeErrorTestSuites,
  };
}
