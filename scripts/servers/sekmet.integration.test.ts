import { systemPort } from '@bulkhead/embedded';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { connectServer, type ServerSystem } from './connect-server.fixture.ts';
import { installSekmet, startSekmet } from './start-sekmet.fixture.ts';

const tool = await installSekmet();
const patients = 5;
/** The server takes a DELETE of an export for a deletion of resources, which a scope for reading does not permit. */
const clientSecret = 'a-secret_with.marks';
const scopes = { all: 'system/*.*', reading: 'system/*.rs' };

describeWith({ title: 'SEKMET, a FHIR server in Python', tool }, ({ command }) => {
  let server: Awaited<ReturnType<typeof startSekmet>>;
  let system: ServerSystem;
  beforeAll(async () => {
    const port = await systemPort();
    system = await connectServer({ fhirUrl: `http://127.0.0.1:${port}/fhir` });
    await system.call('POST', '/api/ehr/signing-keys', { alg: 'RS384' });
    const jwks_url = `${system.baseUrl}/.well-known/jwks.json`;
    const clients = [
      ...Object.entries(scopes).map(([client_id, scopes]) => ({ client_id, jwks_url, scopes })),
      { client_id: 'by-secret', client_secret: clientSecret, scopes: scopes.all },
    ];
    server = await startSekmet({ command, port, patients, clients });
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await system?.stop();
  });

  const connect = (clientId: keyof typeof scopes) =>
    system.connect({ auth: { method: 'private_key_jwt', clientId, scope: scopes[clientId] } });

  test('everything that the server exports is stored as it is, and a probe finds the facts that its code states', async () => {
    const connection = await connect('all');
    const { status, partial, counts, warnings } = await system.importAll(connection, { exportType: 'System' });
    expect({ status, partial, warnings }).toEqual({ status: 'COMPLETED', partial: false, warnings: [] });
    const stored = await system.stored(connection);
    expect([stored.size, stored.size > patients]).toEqual([counts.promised, true]);
    const { phase, facts } = await system.probe(connection);
    const { typesNotStored, ...others } = facts;
    expect({ phase, others }).toEqual({
      phase: 'completed',
      others: {
        exportLevel: 'patient',
        grantedScopes: [scopes.all],
        since: 'accepted',
        sinceHonoured: true,
        typeFilter: 'accepted',
        typeFilterHonoured: true,
        typeList: 'accepted',
        typeRepeated: 'accepted',
        post: 'accepted',
        patient: 'accepted',
        lenient: 'accepted',
        filesNeedToken: true,
        linkWorksTwice: true,
        retryAfterSeconds: 1,
        progress: 'text',
        deleteStatus: 202,
        groupIds: [],
        otherGroups: 0,
      },
    });
    expect(typesNotStored).toContain('Observation');
  }, 300_000);

  test('a secret with marks is accepted by HTTP Basic, although the server does not decode it', async () => {
    const connection = await system.connect({
      auth: { method: 'client_credentials', clientId: 'by-secret', clientSecret, scope: scopes.all },
    });
    const { status } = await system.importAll(connection, { exportType: 'System', resourceTypes: ['Patient'] });
    expect([status, (await system.stored(connection)).size]).toEqual(['COMPLETED', patients]);
  }, 300_000);

  test('a probe whose deletion is refused starts no further export, and says that one stays', async () => {
    const { phase, error, used, facts } = await system.probe(await connect('reading'));
    expect({ phase, code: error?.code, exports: used?.exports }).toEqual({
      phase: 'failed',
      code: 'ehr-forbidden',
      exports: 1,
    });
    expect(error?.message).toContain('The export stays at the EHR');
    expect(facts).toMatchObject({ since: 'accepted', grantedScopes: [scopes.reading] });
  }, 300_000);
});
