import { systemPort } from '@bulkhead/embedded';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { parseWithNumberTexts } from '../interop/compare/number-texts.ts';
import { choosePart } from '../interop/data/choose-part.ts';
import { findDataFolder, readDataFolder } from '../interop/data/find-data.ts';
import { generatedData } from '../interop/data/generated-data.ts';
import { groupId, loadData } from '../interop/data/load-data.ts';
import { connectServer, type ServerSystem } from './connect-server.fixture.ts';
import { buildInferno, type Inferno, infernoUrl, startInferno } from './start-inferno.fixture.ts';

const tool = await buildInferno();
const patients = 8;
const clientId = 'bulkhead';
const scope = 'system/*.read';

describeWith<Inferno>({ title: 'the Inferno reference server', tool }, (inferno) => {
  let system: ServerSystem;
  let started: Awaited<ReturnType<typeof startInferno>>;
  let types: readonly string[];
  beforeAll(async () => {
    const port = await systemPort();
    system = await connectServer({ fhirUrl: infernoUrl(port), patients });
    await system.call('POST', '/api/ehr/signing-keys', { alg: 'RS384' });
    const client = {
      clientId,
      authorizationGrantType: 'client_credentials',
      clientAuthenticationMethod: 'private_key_jwt',
      providerDetails: { jwkSetUri: `${system.baseUrl}/.well-known/jwks.json` },
    };
    started = await startInferno({ ...inferno, port, clients: [client] });
    const dataFolder = findDataFolder(process.env);
    const data = dataFolder === undefined ? await generatedData(system) : readDataFolder(dataFolder);
    const resources = choosePart(data, { patients, perType: 60 });
    await loadData({ server: started.server, resources, progress: () => undefined });
    types = [...new Set([...resources.map(({ type }) => type), 'Group'])];
  }, 600_000);
  afterAll(async () => {
    await started?.stop();
    await system?.stop();
  });

  const connect = (fields: object = {}) =>
    system.connect({ auth: { method: 'private_key_jwt', clientId, scope }, ...fields });
  /** By searches. */
  async function served(): Promise<Map<string, unknown>> {
    const all = await Promise.all(
      types.map(async (type) =>
        [...(await started.server.all(type))].map(([id, resource]) => [`${type}/${id}`, resource] as const),
      ),
    );
    return new Map(all.flat());
  }
  async function stored(connection: string): Promise<Map<string, unknown>> {
    return new Map(
      [...(await system.stored(connection))].map(([reference, line]) => [reference, parseWithNumberTexts(line)]),
    );
  }

  test('everything is stored, and then what has changed', async () => {
    const { server } = started;
    const [patient = '{}'] = await server.firstOf('Patient', 1);
    const { id } = JSON.parse(patient) as { readonly id: string };
    const observation = (name: string, value: string) => {
      const head = `"resourceType":"Observation","id":"${name}","status":"final","code":{"text":"é 😀"}`;
      const text = `{${head},"subject":{"reference":"Patient/${id}"},"valueQuantity":{"value":${value}}}`;
      return server.put(`Observation/${name}`, text);
    };
    await observation('deleted', '1');
    const connection = await connect();
    const before = await served();
    const full = await system.importAll(connection, { exportType: 'System' });
    expect(full).toMatchObject({ status: 'COMPLETED', partial: false, warnings: [] });
    expect(await stored(connection)).toEqual(before);

    await server.put(`Patient/${id}`, JSON.stringify({ ...JSON.parse(patient), gender: 'other' }));
    await observation('new', '1.50');
    await server.delete('Observation/deleted');
    const changed = await system.importAll(connection, { exportType: 'System', since: 'last' });
    expect(changed).toMatchObject({
      status: 'COMPLETED',
      partial: false,
      counts: { stored: 2 },
      warnings: [{ code: 'deletions-not-listed' }],
    });
    const unseen = ['Observation/deleted', before.get('Observation/deleted')] as const;
    expect(await stored(connection)).toEqual(new Map([...(await served()), unseen]));
    // At the level of patients the server fails an export of Practitioner, and answers its deletion with 500.
    expect(await system.probe(connection)).toMatchObject({ phase: 'completed', facts: { exportLevel: 'patient' } });
  }, 600_000);

  test('a Group is imported with the organizations and practitioners to which its resources refer, and a probe finds the facts that the code of the server states', async () => {
    const connection = await connect({ groupId });
    const { status, partial, warnings } = await system.importAll(connection, { exportType: 'Group' });
    expect({ status, partial, warnings }).toEqual({ status: 'COMPLETED', partial: false, warnings: [] });
    const text = [...(await system.stored(connection)).values()].join();
    // The server exports no Location of a Group, whatever refers to it.
    const isExported = ([reference]: readonly [string, unknown]) =>
      !/^(Organization|Practitioner|Location)\//.test(reference) ||
      (!reference.startsWith('Location/') && text.includes(`"reference":"${reference}"`));
    expect(await stored(connection)).toEqual(new Map([...(await served())].filter(isExported)));
    const { phase, facts } = await system.probe(connection);
    // What a probe learns about pages depends on how much its patient has.
    const { typesNotStored, defaultPageSize: _, nextLinks: _links, ...others } = facts;
    expect({ phase, others }).toEqual({
      phase: 'completed',
      others: {
        exportLevel: 'group',
        grantedScopes: [scope],
        since: 'accepted',
        sinceHonoured: true,
        typeFilter: 'accepted',
        typeList: 'accepted',
        typeRepeated: 'accepted',
        post: 'accepted',
        patient: 'accepted',
        lenient: 'accepted',
        filesNeedToken: true,
        linkWorksTwice: true,
        retryAfterSeconds: 1,
        progress: 'text',
        deleteStatus: 404,
        groupIds: [],
        otherGroups: 1,
      },
    });
    expect(typesNotStored).toContain('Provenance');
  }, 600_000);
});
