import type { BulkExport } from '@bulkhead/bulk-export';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { afterEach, describe, expect, test } from '@jest/globals';
import { runExport } from '../harness/run-export.ts';
import { answerStatus, type BulkServer, type BulkServerScript, startBulkServer } from '../harness/start-bulk-server.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

// Answers of bulk data servers that the simulator does not give, and that must not end an export.

const patient = (id: string) =>
  `${JSON.stringify({ resourceType: 'Patient', id, meta: { lastUpdated: '2024-01-01T00:00:00Z' } })}\n`;
const patients = patient('p1') + patient('p2');
const manifest = (change: object = {}) => ({
  transactionTime: '2024-02-01T00:00:00Z',
  requiresAccessToken: false,
  output: [{ type: 'Patient', url: '/patients' }],
  ...change,
});

let server: BulkServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

async function exportFrom(
  script: Partial<BulkServerScript> = {},
  request: Partial<BulkExportRequest> = {},
): Promise<BulkExport> {
  server = await startBulkServer({ manifest: () => manifest(), files: { '/patients': patients }, ...script });
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
  return runExport(cases, request);
}

const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const exportsSent = () => server.requests.filter(({ path }) => path.endsWith('/$export')).map(({ path }) => path);

describe('a server without a usable CapabilityStatement', () => {
  test.each([
    { what: '404', metadata: answerStatus(404) },
    { what: '401', metadata: answerStatus(401) },
    { what: '500', metadata: answerStatus(500) },
    { what: 'a web page', metadata: answerStatus(200, { 'content-type': 'text/html' }, '<html>Welcome</html>') },
    { what: 'another resource', metadata: answerStatus(200, {}, '{"resourceType":"OperationOutcome"}') },
  ])('an export uses the configured level and warns if /metadata answers $what', async ({ metadata }) => {
    const ended = await exportFrom({ metadata });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2 } });
    expect(codes(ended)).toContain('no-capabilities');
    expect(exportsSent()).toEqual(['/Patient/$export']);
    expect(await cases.markedTypes()).toEqual(['*', 'Patient']);
  });
});
