import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { connectServer, type ServerSystem } from './connect-server.fixture.ts';

/** It is on no package registry: its checkout is started by hand, and this is its FHIR base URL. */
const url = process.env.SMART_BULK_SERVER_URL;
const tool = url === undefined ? { missing: 'SMART_BULK_SERVER_URL is not set.' } : { url };

describeWith<{ url: string }>({ title: 'the SMART reference server for bulk data', tool }, ({ url: fhirUrl }) => {
  let system: ServerSystem;
  afterAll(() => system?.stop());

  test('a Group is imported, and a probe finds the facts that the code of the server states', async () => {
    system = await connectServer({ fhirUrl });
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
});
