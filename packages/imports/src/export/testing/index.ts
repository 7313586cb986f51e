export { makeBulkExport, makeCohortMark, makeOutputFile } from './make-records.ts';
export { runExport } from './run-export.ts';
export { startRunningExports } from './start-running-exports.ts';
export { createStores, withExports } from './start-use-cases.ts';
