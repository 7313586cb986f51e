import { createHttpService, type EnhancedService } from '@bulkhead/client';
import { compareWithSimulator } from '@bulkhead/records/testing';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';
import { guideBlocks, runGuideBlock } from './guide-blocks.ts';

const [initiate = '', poll = '', download = '', example1 = '', example2 = '', example3 = ''] = guideBlocks();
const lines: string[] = [];
const console = {
  log: (...texts: unknown[]) => lines.push(texts.join(' ')),
  error: (text: string) => lines.push(text),
};
/** The loop of the guide polls every half minute. Here it runs unchanged with a faster timer. */
const fastTimeout = (resolve: () => void, ms: number) => setTimeout(resolve, ms / 100);

let system: System;
let service: EnhancedService;
beforeEach(async () => {
  lines.length = 0;
  system = await startSystem({ hasWorker: true, simulator: { patients: 3 } });
  service = createHttpService({ baseUrl: system.baseUrl, apiKey: system.apiKey });
});
afterEach(async () => {
  await service.close();
  await system.stop();
});

describe("the guide's code", () => {
  test('the workflow of the guide initiates an export, polls it and downloads its data', async () => {
    const scope = { athenaHealthService: service, connectionId: system.connectionId };
    const { job } = await runGuideBlock({ code: initiate, scope, names: ['job'] });
    expect(job).toMatchObject({
      id: expect.stringMatching(/^job_/),
      status: 'IN_PROGRESS',
      statusUrl: expect.any(String),
    });
    const { status } = await runGuideBlock({ code: poll, scope: { ...scope, job }, names: ['status'] });
    expect(status).toMatchObject({ id: job.id, startedAt: expect.any(String) });
    await runGuideBlock({ code: download, scope: { ...scope, job }, names: [] });
    expect(await service.checkBulkExportStatus(job.id)).toMatchObject({ status: 'COMPLETED' });
    const { differences, compared } = await compareWithSimulator(system);
    // The snippet requests only what has changed since 2024.
    expect(differences.filter((difference) => !difference.endsWith('is served but not stored'))).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  });

  test('example 1 of the guide runs a complete sync', async () => {
    const modules = { '@/lib/services/AthenaHealthEnhancedService': { getAthenaHealthEnhancedService: () => service } };
    const scope = { console, setTimeout: fastTimeout };
    const { syncPatientData } = await runGuideBlock({ code: example1, scope, modules, names: ['syncPatientData'] });
    await syncPatientData(system.connectionId);
    expect(lines).toEqual([expect.stringMatching(/^Export initiated: job_/), 'Data sync completed']);
  });

  test('example 2 of the guide runs an enhanced sync', async () => {
    await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    const { enhancedSync } = await runGuideBlock({
      code: example2,
      scope: { service, console },
      names: ['enhancedSync'],
    });
    await enhancedSync(system.connectionId);
    expect(lines).toEqual([
      expect.stringMatching(/^Synced \d+ resources$/),
      expect.stringMatching(/^- Standard: [1-9]\d*$/),
      expect.stringMatching(/^- Enhanced: \d+$/),
    ]);
  });

  test('example 3 of the guide prints the reports of a patient', async () => {
    const connectionId = await system.connect({ userId: 'a-195900.E-2' });
    await system.settled(await system.startExport({ connectionId, resourceTypes: ['DiagnosticReport'] }));
    const { getConnection, fhirClient } = service;
    const search = jest.fn(fhirClient.searchResources);
    const scope = { getConnection, fhirClient: { searchResources: search }, console };
    const { getDiagnosticReports } = await runGuideBlock({ code: example3, scope, names: ['getDiagnosticReports'] });
    await getDiagnosticReports(connectionId);
    const printed = (await search.mock.results[0]?.value) as { resourceType: string; subject: { reference: string } }[];
    expect(printed.length).toBeGreaterThan(0);
    expect(new Set(printed.map(({ subject }) => subject.reference))).toEqual(new Set(['Patient/a-195900.E-2']));
    expect(lines).toHaveLength(printed.length * 4);
    expect(lines[0]).toMatch(/^Report: \S/);
  });

  test('a call with invalid options throws an error that names each invalid option', async () => {
    const exportOptions = { exportType: 'Galaxy' as 'System', resourceTypes: ['Pasta'] };
    await expect(service.initiateBulkExport(system.connectionId, exportOptions)).rejects.toMatchObject({
      code: 'invalid-request',
      details: [
        { path: 'exportType', message: 'must be one of: Patient, Group, System' },
        { path: 'resourceTypes.0', message: '"Pasta" is not a FHIR R4 resource type' },
      ],
    });
    await expect(service.enhancedSync(system.connectionId, { since: 'yesterday' })).rejects.toMatchObject({
      code: 'invalid-request',
      details: [expect.objectContaining({ path: 'since' })],
    });
  });
});

test('a failed call throws an error with a code and what to do', async () => {
  await expect(service.initiateBulkExport('conn_none')).rejects.toMatchObject({ code: 'unknown-connection' });
  await expect(service.fhirClient.searchResources('http://x', 'secret', 'Patient', {})).rejects.toMatchObject({
    code: 'unknown-token',
  });
  await system.inject('export$', { kind: 'status', status: 403 });
  const { id } = await service.initiateBulkExport(system.connectionId);
  await expect(service.processBulkExportData(id)).rejects.toMatchObject({
    code: 'ehr-forbidden',
    message: expect.stringContaining('Verify'),
  });
});
