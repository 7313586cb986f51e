import type { FactName, ProviderRegistry } from '@bulkhead/ehr/providers';
import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import { runJob, startConsumer } from '@bulkhead/queues/testing';
import { openTestStore } from '@bulkhead/store/testing';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { ProbeService } from '../commands/probe.service.ts';
import { connectionFeature } from '../connection.feature.ts';
import { probePlan } from '../probe/probe.record.ts';
import { connectionWork } from '../steps/index.ts';
import { probeWork } from '../steps/probe/probe-connection.job.ts';
import { revokeWork } from '../steps/revoke-connection.job.ts';
import { type ConnectedEhrOptions, startConnectedEhr } from '../testing/start-connected-ehr.ts';

/** The draws of the ordinary test. `PROBE_DRAWS=200` runs as many as the acceptance of the probe needs. */
const draws = Number(process.env.PROBE_DRAWS ?? 12);
const seed = Number(process.env.PROBE_SEED ?? Date.now() % 1_000_000);

const start = (options: ConnectedEhrOptions = {}) =>
  startConnectedEhr((at) => openTestStore(connectionFeature.open, at), {
    ...options,
    simulator: { patients: 3, exportSeconds: 0.01, tokensPerMinute: 1000, ...options.simulator },
  });
type System = Awaited<ReturnType<typeof start>>;

const secondsNear = (expected: number | undefined, found: unknown) =>
  typeof found === 'number' && Math.abs(found - Number(expected)) <= 1 ? found : expected;

const everyType = ['Patient', 'Observation', 'Condition', 'Practitioner', 'Encounter'];
const patientIds = ['a-195900.E-1', 'a-195900.E-2'];
const withPatient = {
  storedTypes: async () => ['Patient', 'Observation'],
  findPatients: async () => patientIds,
  wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 20))),
};

async function probe(
  { deps, connection }: System,
  { parts = withPatient, limits = probePlan, signal = undefined as AbortSignal | undefined } = {},
) {
  await deps.store.probes.start({ connectionId: connection.id, limits, now: new Date() });
  return await run({ deps, connection }, { parts, signal });
}

async function run(
  { deps, connection }: Pick<System, 'deps' | 'connection'>,
  { parts = withPatient, signal = undefined as AbortSignal | undefined } = {},
) {
  const connectionId = connection.id;
  await runJob({ ...deps, probe: parts }, probeWork, { connectionId }, signal ? { signal } : {});
  const result = await deps.store.probes.find(connectionId);
  if (!result) throw new Error('no probe');
  const value = (name: FactName) => result.facts[name]?.value;
  return { ...result, value };
}

test(`a probe finds every fact of ${draws} simulators whose facts are drawn at random (seed ${seed})`, async () => {
  await using system = await start({ scope: everyType.map((type) => `system/${type}.rs`).join(' ') });
  for (let draw = 0; draw < draws; draw++) {
    const random = generator(seed + draw);
    const pick = <Value>(...values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value;
    const flip = () => random() < 0.5;
    const unsupportedParameters = ['_since', '_typeFilter', 'patient'].filter(flip);
    const requiresAccessToken = flip();
    const fileExpirySeconds = pick(undefined, 60, 3600, 86_400);
    const settings = {
      groupCase: pick('C', 'c'),
      refusedTypeForms: ['list', 'repeated'].filter(flip),
      refusesPost: flip(),
      refusesLenient: flip(),
      ignoredParameters: ['_since', 'patient', '_until']
        .filter(flip)
        .filter((name) => !unsupportedParameters.includes(name)),
      appliesIdFilter: flip(),
      deleteStatus: pick(200, 202, 204),
      defaultPageSize: pick(1, 2),
      maxPageSize: pick(2, 3, 4),
      linksWorkOnce: flip(),
      exportSeconds: 0,
      retryAfterSeconds: pick(1, 5, 30, 120),
      unsupportedParameters,
      requiresAccessToken,
      ...(fileExpirySeconds === undefined ? {} : { fileExpirySeconds }),
      grantsPart: true,
      registeredTypes: ['Patient', 'Observation', ...['Condition', 'Practitioner', 'Encounter'].filter(flip)],
    };
    await system.control.cancelOrders();
    // A new version of the credentials gets a new token.
    await system.deps.store.connections.saveAuth({ id: system.connection.id, auth: system.connection.auth });
    await system.control.orderSettings(settings);
    // Each export is in progress at its first status request, however slow this machine is.
    await system.inject('export$', { kind: 'export-fate', polls: 1, end: 'completes' }, { times: 'always' });
    const header = `x-${pick('daily', 'day')}-${pick('limit', 'quota-limit')}`;
    const perDay = 10_000 + Math.floor(random() * 90_000);
    await system.inject('.*', { kind: 'headers', set: { [header]: String(perDay) } }, { times: 'always' });
    const groups = pick(['a-1.C-195900', 'x-77'], ['a-1.c-195900'], []);
    await system.inject('/Group$', { kind: 'status', status: 200, body: bundleOf(groups) }, { times: 'always' });
    const before = (await system.control.stats()).requests;
    const found = await probe(system);
    const accepts = (isRefused: boolean) => (isRefused ? 'refused' : 'accepted');
    const refuses = (name: string) => unsupportedParameters.includes(name);
    const ignores = (name: string) => settings.ignoredParameters.includes(name);
    const honours = (name: string) => (refuses(name) ? undefined : !ignores(name));
    const hasFile = someExportHasPatients(settings);
    const expected: Partial<Record<FactName, unknown>> = {
      exportLevel: 'group',
      groupIdTemplate: `a-1.${settings.groupCase}-{practiceId}`,
      since: accepts(refuses('_since')),
      sinceHonoured: honours('_since'),
      typeFilter: accepts(refuses('_typeFilter')),
      typeFilterHonoured: refuses('_typeFilter') ? undefined : settings.appliesIdFilter,
      typeList: accepts(settings.refusedTypeForms.includes('list')),
      typeRepeated: accepts(settings.refusedTypeForms.includes('repeated')),
      post: accepts(settings.refusesPost),
      patient: settings.refusesPost ? undefined : accepts(refuses('patient')),
      patientHonoured: settings.refusesPost ? undefined : honours('patient'),
      // The simulator does not know it.
      until: accepts(!ignores('_until')),
      untilHonoured: ignores('_until') ? false : undefined,
      lenient: accepts(settings.refusesLenient),
      requestsPerDay: perDay,
      // The two times in the headers are whole seconds, so that their difference can be one second off.
      filesExpireSeconds: secondsNear(fileExpirySeconds, found.value('filesExpireSeconds')),
      filesNeedToken: hasFile ? requiresAccessToken : undefined,
      linkWorksTwice: hasFile ? !settings.linksWorkOnce : undefined,
      retryAfterSeconds: settings.retryAfterSeconds,
      progress: 'percent',
      deleteStatus: settings.deleteStatus,
      nextLinks: true,
      pageSize: settings.maxPageSize,
      defaultPageSize: settings.defaultPageSize,
      grantedScopes: everyType
        .filter((type) => settings.registeredTypes.includes(type))
        .map((type) => `system/${type}.rs`),
      scopeTypes: everyType.filter((type) => settings.registeredTypes.includes(type)),
      practiceId: 'a-1.Practice-{practiceId}',
      groupIds: groups.filter((id) => id.includes('195900')).map((id) => id.replace('195900', '{practiceId}')),
      otherGroups: groups.filter((id) => !id.includes('195900')).length,
    };
    const names = Object.keys(expected) as FactName[];
    const what = `draw ${draw} of seed ${seed}`;
    expect({
      what,
      phase: found.phase,
      error: found.error,
      facts: Object.fromEntries(names.map((name) => [name, found.value(name)])),
    }).toEqual({ what, phase: 'completed', error: undefined, facts: expected });
    expect((found.value('limitHeaders') as Record<string, string>)[header]).toBe(String(perDay));
    expect(JSON.stringify(found.facts)).not.toMatch(/195900|E-1\b/);
    const sent = (await system.control.stats()).requests - before;
    expect(sent).toBeLessThanOrEqual(found.used.requests + 1);
    expect(found.used.requests).toBeLessThanOrEqual(probePlan.requests);
    expect(found.used.exports).toBeLessThanOrEqual(probePlan.exports);
    expect(await openExports(system)).toBe(0);
  }
}, 600_000);

/** That of changes since now has none, unless `_since` does not work. Those of one patient have one. */
function someExportHasPatients(settings: {
  readonly unsupportedParameters: readonly string[];
  readonly ignoredParameters: readonly string[];
  readonly refusesPost: boolean;
}): boolean {
  const { unsupportedParameters, ignoredParameters, refusesPost } = settings;
  const isSinceUseless = [...unsupportedParameters, ...ignoredParameters].includes('_since');
  const isOfPatient = !refusesPost && !unsupportedParameters.includes('patient');
  return (
    isSinceUseless ||
    isOfPatient ||
    ignoredParameters.includes('_until') ||
    !unsupportedParameters.includes('_typeFilter')
  );
}

test('a probe with a wrong secret says what the EHR refuses, and starts no export', async () => {
  await using system = await start({
    connection: { auth: { ...simulatorAuth, clientSecret: 'wrong', scope: 'system/*.read' } },
  });
  const { phase, error, used } = await probe(system);
  expect({ phase, code: error?.code, exports: used.exports }).toEqual({
    phase: 'failed',
    code: 'token-refused',
    exports: 0,
  });
});

const answers200 = {
  status: 200,
  body: { resourceType: 'Basic', access_token: 'token', token_type: 'bearer', expires_in: 3600 },
};

test.each([
  { what: 'an object', answer: answers200 },
  {
    what: 'a web page',
    answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
  },
])('a server that answers every request with 200 and $what has no facts', async ({ answer }) => {
  await using server = await startScriptedServer(() => answer);
  const { phase, facts, used, error } = await probeAt(server.url);
  expect(['completed', 'failed']).toContain(phase);
  expect(error?.message ?? '').not.toContain('undefined');
  const known = Object.entries(facts).filter(([, fact]) => fact?.value !== undefined);
  expect(known.map(([name]) => name)).toEqual([]);
  expect(used.exports).toBe(0);
});

test('a probe of a server that never answers ends after two requests, and says so', async () => {
  await using server = await startScriptedServer((_request, response) => response);
  const { phase, error, used } = await probeAt(server.url, { idleTimeoutMs: 200 });
  expect({ phase, code: error?.code }).toEqual({ phase: 'failed', code: 'ehr-unreachable' });
  expect(server.requests.length).toBeLessThanOrEqual(3);
  expect(used.requests).toBeLessThanOrEqual(6);
});

async function probeAt(url: string, options: ConnectedEhrOptions = {}) {
  const connection = { fhirEndpoint: `${url}/fhir`, auth: { method: 'none' } as const };
  await using system = await start({ ...options, connection });
  return await probe(system);
}

test('a probe believes the answers of the server and not its CapabilityStatement', async () => {
  await using system = await start({ simulator: { exportLevels: ['patient'] } });
  const operation = [{ name: 'export', definition: 'group-export' }];
  const rest = [{ resource: [{ type: 'Group', operation }, { type: 'Practitioner' }, { type: 'Specimen' }] }];
  await system.inject('metadata', { kind: 'edit-document', set: { rest } }, { times: 'always' });
  const { phase, value } = await probe(system);
  expect([phase, value('exportLevel'), value('groupIdTemplate')]).toEqual(['completed', 'patient', undefined]);
  expect(value('typesNotStored')).toEqual(['Practitioner', 'Specimen']);
});

test('a probe says that all kick-offs are refused', async () => {
  await using system = await start({ simulator: { exportLevels: [] } });
  const { phase, facts, used } = await probe(system);
  expect([phase, used.exports, facts.since]).toEqual([
    'completed',
    0,
    { how: 'unknown: no kick-off was accepted (a kick-off with `_since`, `_type` as a list: 404)' },
  ]);
});

test('a probe whose export the EHR does not delete starts no further one, and says that it stays', async () => {
  await using system = await start();
  await system.inject('/bulkstatus/', { kind: 'status', status: 403 }, { times: 'always' });
  await expect(probe(system)).rejects.toMatchObject({
    code: 'ehr-forbidden',
    message: expect.stringContaining('refused to delete an export of the probe (403)'),
  });
  const left = await system.deps.store.probes.find(system.connection.id);
  expect([left?.used.exports, left?.openExports.length]).toEqual([1, 1]);
  expect(left?.facts).toMatchObject({ exportLevel: { value: 'group' }, since: { value: 'accepted' } });

  // The export that stays does not keep the tokens of a deleted connection valid.
  const { deps, connection, control } = system;
  const { revoked } = await control.stats();
  await deps.store.connections.markDeleted({ id: connection.id, now: new Date() });
  await runJob(deps, revokeWork, { connectionId: connection.id });
  expect((await control.stats()).revoked).toBeGreaterThan(revoked);
  expect(await deps.store.probes.find(connection.id)).toBeUndefined();
});

test('a probe that is killed after its kick-off leaves no export: the sweep has it deleted', async () => {
  await using system = await start({ simulator: { exportSeconds: 60 } });
  const { deps, redis, prefix, connection } = system;
  const process = new AbortController();
  const wait = async () => process.abort(new Error('killed'));
  await expect(probe(system, { parts: { ...withPatient, wait }, signal: process.signal })).rejects.toThrow('killed');
  expect([await openExports(system), (await deps.store.probes.find(connection.id))?.phase]).toEqual([1, 'running']);
  await using _worker = startConsumer({
    redis,
    prefix,
    deps: { ...deps, probe: withPatient },
    queues: ['connection'],
    jobs: [probeWork],
  });
  await connectionWork(deps).ensureJobs();
  await waitFor(async () => (await deps.store.probes.find(connection.id))?.phase === 'interrupted');
  expect([await openExports(system), (await deps.store.probes.find(connection.id))?.openExports]).toEqual([0, []]);
});

test('a cancelled probe deletes its export and keeps what it has measured', async () => {
  await using system = await start({ simulator: { exportSeconds: 60 } });
  const wait = async () => void (await system.deps.store.probes.cancel(system.connection.id));
  const { phase, value } = await probe(system, { parts: { ...withPatient, wait } });
  expect([phase, value('since'), await openExports(system)]).toEqual(['cancelled', 'accepted', 0]);
  expect(value('lenient')).toBeUndefined();
  expect(value('practiceId')).toBe('a-1.Practice-{practiceId}');
});

test.each([10, 14, 18, 22, 30])(
  'a probe with a limit of %s requests sends no more, and leaves no export',
  async (requests) => {
    await using system = await start({ simulator: { exportSeconds: 60 } });
    const { used } = await probe(system, { limits: { requests, exports: 7 } });
    expect((await system.control.stats()).requests).toBeLessThanOrEqual(requests);
    expect(used.requests).toBeLessThanOrEqual(requests);
    expect(await openExports(system)).toBe(0);
  },
);

test('a probe with a limit of no exports starts none', async () => {
  await using system = await start();
  const { used, phase, value } = await probe(system, { limits: { requests: 80, exports: 0 } });
  expect([used.exports, phase, value('nextLinks')]).toEqual([0, 'completed', undefined]);
  expect(await system.control.exports()).toEqual([]);
});

test('a second probe is refused while one runs', async () => {
  await using system = await start();
  const { store } = system.deps;
  const request = { connectionId: system.connection.id, limits: probePlan, now: new Date() };
  await store.probes.start(request);
  await expect(store.probes.start(request)).rejects.toMatchObject({ code: 'probe-running' });
});

const kickOffs = ({ control }: System) => control.requests(/\$export$/);
const outcomeOf = (code: string, text: string) => ({
  kind: 'status',
  status: 400,
  body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] },
});
/** Code of other clients of Epic, see the facts of the provider. */
const tooRecently = outcomeOf('business-rule', 'The Client requested this Group too recently.');

test('a probe after an export of the day asks once, and the refusal for its time is the only fact of its kick-offs', async () => {
  await using system = await start();
  await system.inject('export$', tooRecently, { times: 'always' });
  const { phase, value, facts, used } = await probe(system);
  expect([phase, used.exports, value('kickOffPostponed')]).toEqual(['completed', 0, 'too-recent']);
  expect((await kickOffs(system)).length).toBe(1);
  for (const name of ['exportLevel', 'since', 'lenient', 'post', 'patient', 'deleteStatus'] as const)
    expect(facts[name]).toEqual({ how: expect.stringMatching(/^unknown: .*too recent/) });
});

test.each([
  { what: 'in the words of Epic', refusal: tooRecently, postponed: 'too-recent', sent: 2 },
  {
    what: 'in words that are not known',
    refusal: outcomeOf('processing', 'Come back tomorrow.'),
    postponed: undefined,
    // After the second one: its first part alone, and then what was accepted before.
    sent: 4,
  },
])(
  'a probe that has used up the export of the day notes no false fact, refused $what',
  async ({ refusal, postponed, sent }) => {
    await using system = await start();
    await system.inject('export$', refusal, { times: 'always', after: 1 });
    const { phase, value, facts, used } = await probe(system);
    expect([phase, used.exports, value('kickOffPostponed')]).toEqual(['completed', 1, postponed]);
    expect(['exportLevel', 'since', 'typeList'].map((name) => value(name as FactName))).toEqual([
      'group',
      'accepted',
      'accepted',
    ]);
    const refused = Object.entries(facts).filter(([, fact]) => fact?.value === 'refused');
    expect(refused).toEqual([]);
    for (const name of ['typeFilter', 'typeRepeated', 'post', 'patient', 'until', 'lenient'] as const)
      expect(facts[name]?.how).toMatch(/^unknown: .*refused/);
    expect((await kickOffs(system)).length).toBe(sent);
    expect(await openExports(system)).toBe(0);
  },
);

test('a probe of an EHR with a window of one export starts none, unless its request names a number of exports', async () => {
  await using system = await start({ provider: { kickOffWindow: { hours: 24 } } });
  const service = new ProbeService({
    store: system.deps.store,
    producer: system.deps.producer,
    registry: system.registry as ProviderRegistry,
    connections: system.connections,
    version: '1.0.0',
  });
  const reference = { id: system.connection.id, scope: 'all' as const };
  expect((await service.read(reference)).plan).toEqual({ ...probePlan, exports: 0 });
  expect((await service.start(reference, {})).probe?.limits.exports).toBe(0);
  const { facts } = await run(system);
  expect(facts.exportLevel?.how).toContain('once in 24 hours');
  expect(await kickOffs(system)).toEqual([]);
  expect((await service.start(reference, { exports: 1 })).probe?.limits.exports).toBe(1);
  const { value, facts: known } = await run(system);
  expect([value('exportLevel'), value('since')]).toEqual(['group', 'accepted']);
  expect(known.lenient?.how).toContain('limit');
  expect((await kickOffs(system)).length).toBe(1);
});

test('a probe leaves no export at a server that answers with Location', async () => {
  await using system = await start();
  await system.orderScenario('location-header');
  const { phase, value } = await probe(system);
  expect([phase, value('since'), value('patient')]).toEqual(['completed', 'accepted', 'accepted']);
  expect((await system.control.exports()).length).toBeGreaterThan(0);
  expect(await openExports(system)).toBe(0);
});

test('a probe starts no further export at a server that accepts one and does not say where it is', async () => {
  await using system = await start();
  await system.inject('export$', { kind: 'headers', set: { 'content-location': null } }, { times: 'always' });
  const { facts } = await probe(system);
  expect(facts.since?.how).toContain('kick-off-not-understood');
  expect((await kickOffs(system)).length).toBe(1);
});

test('a probe says that an EHR accepts `patient` and ignores it', async () => {
  await using system = await start();
  await system.control.orderSettings({ ignoredParameters: ['patient'] });
  const { value } = await probe(system);
  expect([value('post'), value('patient'), value('patientHonoured')]).toEqual(['accepted', 'accepted', false]);
});

test('a probe does not claim that a parameter is honoured if nothing was there to leave out', async () => {
  await using system = await start({ simulator: { patients: 1 } });
  const { value, facts } = await probe(system, {
    parts: { ...withPatient, findPatients: async () => patientIds.slice(0, 1) },
  });
  expect([value('patient'), value('patientHonoured'), value('sinceHonoured')]).toEqual(['accepted', undefined, true]);
  expect(facts.patientHonoured?.how).toContain('one patient');
});

test('a probe asks as exports do: with what the EHR demands, and by POST where GET is refused', async () => {
  await using system = await start();
  await system.orderScenario('demands-output-format');
  await system.orderScenario('refuses-get');
  const { phase, value } = await probe(system);
  expect([phase, value('since'), value('post'), value('lenient')]).toEqual([
    'completed',
    'accepted',
    'accepted',
    'accepted',
  ]);
});

function bundleOf(ids: readonly string[]) {
  const entry = ids.map((id) => ({ resource: { resourceType: 'Group', id }, search: { mode: 'match' } }));
  return { resourceType: 'Bundle', type: 'searchset', entry };
}

/** The exports that the simulator would still serve. */
async function openExports({ control }: System): Promise<number> {
  const exports = (await control.exports()) as readonly { readonly state?: string }[];
  return exports.filter(({ state }) => state !== 'deleted').length;
}

/** mulberry32, as scripts/random.ts. */
function generator(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
