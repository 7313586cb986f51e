export { makeBulkExport, makeOutputFile } from './make-records.ts';
export { type TestServices, testServices } from './test-services.ts';
export { waitFor } from './wait-for.ts';
