import { vendors } from '@bulkhead/ehr/providers';
import { type Script, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { bulkRoutes } from '../testing/bulk-routes.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// The Provider Access API of a payer (CMS-0057-F, Da Vinci PDex): a Group of attributed members, exported by another operation.

const subject = { reference: 'Patient/m1' };
const claim = { resourceType: 'ExplanationOfBenefit', id: 'c1', status: 'active', use: 'claim', patient: subject };
const coverage = { resourceType: 'Coverage', id: 'v1', status: 'active', beneficiary: subject };
const member = { resourceType: 'Patient', id: 'm1' };
const outcome = (diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'processing', diagnostics }],
});
const lines = (...resources: readonly object[]) => resources.map((content) => `${JSON.stringify(content)}\n`).join('');

let server: ScriptedServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

async function exportFrom(files: Readonly<Record<string, string>>, manifest: object = {}) {
  const output = Object.keys(files).map((type) => ({ type, url: `/${type}` }));
  const routes: Script = {
    ...bulkRoutes({ transactionTime: '2024-02-01T00:00:00Z', requiresAccessToken: false, output, ...manifest }),
    '*/$davinci-data-export': { status: 202, headers: { 'content-location': '/status/1' } },
    ...Object.fromEntries(Object.entries(files).map(([type, text]) => [`/${type}`, text])),
  };
  server = await startScriptedServer(routes);
  const { kickOff } = vendors.find(({ entry }) => entry.id === 'payer')?.entry ?? {};
  const connection = { fhirEndpoint: server.url, groupId: 'members', auth: { method: 'none' as const } };
  cases = await startUseCases({ connection, ...(kickOff ? { provider: { kickOff } } : {}) });
  return runExport(cases, { exportType: 'Group' });
}

const kickOffs = () => server.requests.filter(({ path }) => path.includes('/Group/'));

test("a payer's Group is exported by its own operation, and claims and coverages are stored with the record of the patient", async () => {
  const files = { Patient: lines(member), ExplanationOfBenefit: lines(claim), Coverage: lines(coverage) };
  expect(await exportFrom(files)).toMatchObject({ phase: 'completed', isPartial: false, counts: { stored: 3 } });
  expect(kickOffs().map(({ path, query }) => [path, query.get('exportType')])).toEqual([
    ['/Group/members/$davinci-data-export', 'hl7.fhir.us.davinci-pdex'],
  ]);
  for (const { resourceType, id } of [claim, coverage]) {
    const patient = { connectionId: cases.connection.id, patientId: 'm1', resourceType };
    expect(await cases.deps.store.resources.listOfPatient(patient)).toEqual([id]);
  }
});

test('an export in which a payer answers with OperationOutcomes only is partial, and no watermark advances', async () => {
  const files = { Patient: lines(outcome('The member has opted out.'), outcome('The member is unknown.')) };
  const ended = await exportFrom(files);
  expect(ended).toMatchObject({ phase: 'completed', isPartial: true, counts: { stored: 0, quarantined: 0 } });
  expect(ended.warnings).toContainEqual(expect.objectContaining({ code: 'reported-by-ehr' }));
  expect(await cases.markedTypes()).toEqual([]);
});

test('a payer whose errors are all that it lists has lost something, and no watermark advances', async () => {
  const error = [{ type: 'OperationOutcome', url: '/errors' }];
  const ended = await exportFrom({ errors: lines(outcome('Nothing could be exported.')) }, { output: [], error });
  expect([ended.phase, ended.isPartial, await cases.markedTypes()]).toEqual(['completed', true, []]);
});
