import { afterEach, describe, expect, test } from '@jest/globals';
import { compareWithSimulator } from './testing/compare-with-simulator.ts';
import { startSystem, type System } from './testing/start-system.ts';

let system: System;
afterEach(() => system.stop());

async function startExport(body: object = {}): Promise<string> {
  const { status, body: answer } = await system.request('POST', '/api/ehr/athenahealth/bulk-export', {
    connectionId: system.connectionId,
    exportType: 'Patient',
    ...body,
  });
  expect([status, answer]).toEqual([202, expect.objectContaining({ success: true })]);
  return answer.data.id;
}

describe('a bulk export', () => {
  test('brings everything that is served into MongoDB, and breaks no rule of the server', async () => {
    system = await startSystem({ simulator: { resourcesPerFile: 60 } });
    await system.startWorker();
    const { body: started } = await system.request('POST', '/api/ehr/athenahealth/bulk-export', {
      connectionId: system.connectionId,
      exportType: 'Patient',
    });
    expect(started).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^job_/),
        status: 'IN_PROGRESS',
        statusUrl: expect.stringContaining('/bulkstatus/'),
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    });
    const ended = await system.settled(started.data.id);
    expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [], completedAt: expect.any(String) });
    expect(ended.outputUrls.length).toBeGreaterThan(12);
    const { compared, differences } = await compareWithSimulator(system);
    expect(differences).toEqual([]);
    expect(ended.counts).toMatchObject({ stored: compared, promised: compared, stale: 0, quarantined: 0, filesFailed: 0 });
    expect(await system.violations()).toMatchObject({ byKind: {} });
  }, 60_000);
});
