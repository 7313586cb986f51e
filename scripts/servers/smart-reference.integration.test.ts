import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { connectServer, type ServerSystem } from './connect-server.fixture.ts';
import { exportByPatient } from './export-by-patient.fixture.ts';
import { parametersOf, startRecordingProxy } from './recording-proxy.fixture.ts';

/** It is on no package registry: its checkout is started by hand, and this is its FHIR base URL. */
const url = process.env.SMART_BULK_SERVER_URL;
const tool = url === undefined ? { missing: 'SMART_BULK_SERVER_URL is not set.' } : { url };

describeWith<{ url: string }>({ title: 'the SMART reference server for bulk data', tool }, ({ url: fhirUrl }) => {
  let system: ServerSystem;
  let proxy: Awaited<ReturnType<typeof startRecordingProxy>>;
  beforeAll(async () => {
    const { origin } = new URL(fhirUrl);
    proxy = await startRecordingProxy(origin);
    // The links of the server have its own origin.
    // Its CapabilityStatement has no version of FHIR Bulk Data, so Bulkhead would not send `patient`.
    const facts = { aliases: [origin], kickOff: { parameters: ['patient'], patientsPerRequest: 2 } };
    system = await connectServer({ fhirUrl: proxy.url + fhirUrl.slice(origin.length), facts });
  }, 300_000);
  afterAll(async () => {
    await system?.stop();
    await proxy?.stop();
  });

  test('a Group is imported, and a probe finds the facts that the code of the server states', async () => {
    const connection = await system.connect({ groupId: 'BlueCrossBlueShield', auth: { method: 'none' } });
    const { status, partial, counts, warnings } = await system.importAll(connection, { exportType: 'Group' });
    expect({ status, partial, warnings }).toEqual({ status: 'COMPLETED', partial: false, warnings: [] });
    expect((await system.stored(connection)).size).toBe(counts.promised);
    const { phase, facts } = await system.probe(connection);
    const { filesExpireSeconds, typesNotStored, ...others } = facts;
    expect({ phase, others }).toEqual({
      phase: 'completed',
      others: {
        exportLevel: 'group',
        since: 'accepted',
        sinceHonoured: true,
        typeFilter: 'accepted',
        typeFilterHonoured: true,
        typeList: 'accepted',
        typeRepeated: 'accepted',
        post: 'accepted',
        patient: 'accepted',
        lenient: 'accepted',
        filesNeedToken: false,
        linkWorksTwice: true,
        retryAfterSeconds: 1,
        progress: 'percent',
        deleteStatus: 202,
        groupIds: [],
        otherGroups: 8,
      },
    });
    // `maxExportAge` of its configuration is an hour, and the manifest came a moment after its export.
    expect(Math.abs(Number(filesExpireSeconds) - 3600)).toBeLessThan(60);
  }, 300_000);

  test('an export of listed patients stores what the server has of them, and one of a cohort continues with a new member', async () => {
    const served = await exportByPatient(fhirUrl);
    const [added = '', ...members] = [...served.keys()].slice(0, 4);
    const connectionId = await system.connect({ auth: { method: 'none' } });
    const idsOf = (references: readonly string[]) => references.map((reference) => reference.replace('Patient/', ''));
    const setCohort = (references: readonly string[]) =>
      system.call('PUT', `/api/ehr/connections/${connectionId}/cohorts/panel`, { patients: idsOf(references) });
    const run = async (request: object) => {
      const from = proxy.requests.length;
      const ended = await system.importAll(connectionId, { exportType: 'Patient', ...request });
      const kickOffs = proxy.requests
        .slice(from)
        .filter(({ path, method }) => method === 'POST' && path.endsWith('/$export'));
      const warnings = ended.warnings.map(({ code }) => code);
      return { status: ended.status, partial: ended.partial, warnings, kickOffs: kickOffs.map(parametersOf) };
    };
    const stored = async () =>
      new Map([...(await system.stored(connectionId))].map(([reference, line]) => [reference, JSON.parse(line)]));
    const ofPatients = (references: readonly string[]) =>
      new Map(references.flatMap((reference) => [...(served.get(reference) ?? [])]));
    const inFull = members.map((patient) => ({ patient }));
    const parts = [inFull.slice(0, 2), inFull.slice(2)];

    const listed = await run({ patients: idsOf(members) });
    expect(listed).toEqual({ status: 'COMPLETED', partial: false, warnings: [], kickOffs: parts });
    expect(await stored()).toEqual(ofPatients(members));

    await setCohort(members);
    const first = await run({ cohort: 'panel', since: 'last' });
    const continued = (part: readonly object[]) => [{ _since: expect.any(String) }, ...part];
    // A full export lists no deletions, and something of these patients was stored before.
    expect([first.status, first.kickOffs]).toEqual(['COMPLETED', [...parts, ...parts.map(continued)]]);

    const endedAt = Date.now();
    await setCohort([...members, added]);
    const next = await run({ cohort: 'panel', since: 'last' });
    expect(next).toEqual({
      status: 'COMPLETED',
      partial: false,
      warnings: [],
      kickOffs: [...parts.map(continued), [{ patient: added }]],
    });
    for (const { _since = '' } of next.kickOffs.flat()) if (_since) expect(Date.parse(_since)).toBeLessThan(endedAt);
    expect(await stored()).toEqual(ofPatients([...members, added]));
  }, 300_000);
});
