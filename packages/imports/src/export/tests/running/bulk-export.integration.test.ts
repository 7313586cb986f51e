import { athenahealthRateLimit } from '@bulkhead/ehr/providers';
import { compareWithSimulator } from '@bulkhead/records/testing';
import { expect, test } from '@jest/globals';
import { startRunningExports } from '../../testing/start-running-exports.ts';

// Alone, because the simulator records the time of each request in this process.
test('a bulk export stores everything that the server has, and breaks none of its rules #complete', async () => {
  await using system = await startRunningExports({
    provider: { rateLimit: athenahealthRateLimit },
    simulator: { resourcesPerFile: 60 },
  });
  const started = await system.start({ exportType: 'Patient' });
  expect(started).toEqual({
    id: expect.stringMatching(/^job_/),
    status: 'IN_PROGRESS',
    statusUrl: expect.stringContaining('/bulkstatus/'),
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const ended = await system.settled(started.id);
  expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [], completedAt: expect.any(String) });
  expect(ended.outputUrls?.length).toBeGreaterThan(12);
  const { compared, differences } = await compareWithSimulator(system);
  expect(differences).toEqual([]);
  expect(ended.counts).toMatchObject({
    stored: compared,
    promised: compared,
    stale: 0,
    quarantined: 0,
    filesFailed: 0,
  });
  expect(await system.control.violations()).toMatchObject({ total: 0 });
});

test.concurrent('the next export with since stores only changes and deletions', async () => {
  await using system = await startRunningExports();
  const first = await system.settled(await system.startExport());
  const { transactionTime } = (await system.store.bulkExports.find(first.id)) ?? {};
  const [patient, otherPatient] = (await system.control.lines('Patient')).map((line) => JSON.parse(line));
  await system.control.put(`Patient/${patient.id}`, JSON.stringify({ ...patient, birthDate: '1950-01-02' }));
  await system.control.remove(`Patient/${otherPatient.id}`);

  const second = await system.settled(await system.startExport({ since: transactionTime }));
  expect(second.counts).toMatchObject({ stored: 1, unchanged: 0, deleted: 1 });
  expect((await compareWithSimulator(system)).differences).toEqual([]);

  const third = await system.settled(await system.startExport());
  expect(third.counts).toMatchObject({ stored: third.counts.promised, unchanged: third.counts.promised });
  expect((await compareWithSimulator(system)).differences).toEqual([]);
});

test.concurrent('a second identical export while one runs is refused with the id of the first', async () => {
  await using system = await startRunningExports();
  // The first export runs until the test ends the fault.
  await system.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'status', status: 202 }, { times: 'always' });
  const id = await system.startExport({ resourceTypes: ['Patient', 'Condition'] });
  await expect(system.startExport({ resourceTypes: ['Condition', 'Patient'] })).rejects.toMatchObject({
    code: 'export-already-running',
    context: { exportId: id },
  });
  await system.control.cancelOrders();
  expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED' });
  expect(await system.startExport({ resourceTypes: ['Condition', 'Patient'] })).not.toBe(id);
});
