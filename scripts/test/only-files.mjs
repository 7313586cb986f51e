import { readFileSync } from 'node:fs';

/** Leaves the test files that a run needs, see run-jest.ts. If they were arguments, jest would show all of them in its summary. */
function onlyFiles(paths) {
  const wanted = new Set(readFileSync(process.env.BULKHEAD_TEST_FILES, 'utf8').split('\n'));
  return { filtered: paths.filter((path) => wanted.has(path)) };
}

// Jest requires this file and expects a function, as a CommonJS module exports it.
export { onlyFiles as 'module.exports' };
