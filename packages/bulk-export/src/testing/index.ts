export { makeBulkExport, makeOutputFile } from './make-records.ts';
export { simulatePolls } from './simulate-polls.ts';
