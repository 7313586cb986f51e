export { makeBulkExport, makeOutputFile } from './make-records.ts';
