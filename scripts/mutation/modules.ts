export interface Module {
  readonly name: string;
  /**
   * Globs of the sources to mutate, relative to the root. `!` excludes files. Tests and fixtures are always excluded.
   */
  readonly sources: readonly string[];
  /** Globs of the test files that must detect their mutants. */
  readonly tests: readonly string[];
}

const bulkExport = 'packages/bulk-export/src';
const workerTests = 'apps/worker/test/bulk-export';
const fhir = 'packages/fhir/src';
const bulkData = 'packages/ehr-client/src/bulk-data';
const answers = 'packages/ehr-client/src/answers';
const rateLimiter = 'packages/rate-limiter/src';

/** The modules that decide whether data are lost, and the tests that must detect their mutants. */
export const modules: readonly Module[] = [
  {
    name: 'records',
    sources: [
      `${bulkExport}/{bulk-export-phase,accounting,hold-reason,watermarks/watermark,steps/poll-delay}.ts`,
      'packages/sync/src/{sync-run-phase,sync-search}.ts',
      'packages/{schedules/src/spread-of,monitoring/src/connection-lag,resources/src/resource-version}.ts',
      'packages/documents/src/{content-type-policy,document-file-name}.ts',
      'packages/runtime/src/{errors,cron}/*.ts',
    ],
    tests: [
      `${bulkExport}/{*,watermarks/watermark,steps/poll-delay}.test.ts`,
      'packages/{sync,schedules,monitoring,resources,documents}/src/*.test.ts',
      'packages/runtime/src/{errors,cron}/*.test.ts',
    ],
  },
  {
    name: 'fhir',
    sources: [`${fhir}/{bulk-data,json,ndjson,resources}/*.ts`],
    tests: [`${fhir}/{bulk-data,json,ndjson,resources}/*.test.ts`, `${fhir}/linear-time.test.ts`],
  },
  {
    name: 'fhir-search',
    sources: [`${fhir}/{search,summaries}/*.ts`],
    tests: [`${fhir}/{search,summaries}/*.test.ts`],
  },
  {
    name: 'writer',
    sources: ['packages/resources/src/{resource.writer,resource-document,line-document,send-writes}.ts'],
    // The property tests of the module would add a minute for each survivor.
    tests: [
      'packages/{resources/src,system/src/tests/resources}/{resource.writer,resource-document,line-document,earlier-versions}*.test.ts',
      '!packages/system/src/tests/resources/*.property.*',
      // The bisection of a refused batch is used by the ingest of a file.
      `${bulkExport}/steps/download/ingest-file.test.ts`,
      `${workerTests}/ingest-file*.test.ts`,
    ],
  },
  {
    name: 'bson',
    sources: ['packages/store/src/bson/*.ts'],
    tests: ['packages/store/src/bson/*.test.ts'],
  },
  {
    name: 'kick-off',
    sources: [`${bulkData}/{kick-off,negotiate-kick-off,export-parameters}.ts`],
    tests: [`${bulkData}/{kick-off,negotiate-kick-off,export-parameters}*.test.ts`, `${answers}/answers*.test.ts`],
  },
  {
    name: 'export-status',
    sources: [`${bulkData}/export-status.ts`],
    tests: [`${bulkData}/export-status*.test.ts`, `${answers}/answers*.test.ts`],
  },
  {
    name: 'open-file',
    sources: [`${bulkData}/open-file.ts`, `${answers}/decode-body.ts`],
    tests: [`${bulkData}/open-file*.test.ts`, `${answers}/{decode-body,answers,limit-body}*.test.ts`],
  },
  {
    name: 'links',
    sources: [`${bulkExport}/steps/download/{refresh-link,ledger-entries}.ts`],
    tests: [`${bulkExport}/steps/download/ledger-entries.test.ts`, `${workerTests}/refresh-link*.test.ts`],
  },
  {
    name: 'watermarks',
    sources: [`${bulkExport}/watermarks/watermark.repository.ts`, `${bulkExport}/steps/finalize-export.ts`],
    tests: [`${workerTests}/finalize-export*.test.ts`, `${bulkExport}/watermarks/watermark.repository*.test.ts`],
  },
  {
    name: 'limiter-queue',
    sources: [`${rateLimiter}/{wait-queue,budget-client,rate-limiter,reserved-slots,arrival-reporter}.ts`],
    tests: [`${rateLimiter}/*.test.ts`],
  },
];
