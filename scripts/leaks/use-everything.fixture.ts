import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { waitFor } from '@bulkhead/testing';
import type { TestSystem } from '../test-system/start-test-system.ts';
import type { Planted } from './planted.fixture.ts';

/** An answer of the API in which planted values are searched for. */
export interface ShownAnswer {
  readonly path: string;
  readonly text: string;
  /** The secret that this answer issues, which is shown only once. */
  readonly issuedSecret?: string;
  /** Whether the request asks for patient data. */
  readonly showsPatients?: boolean;
}

interface SentRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly issuedSecret?: string;
  readonly showsPatients?: boolean;
}

const athena = '/api/ehr/athenahealth';

/**
 * Passes planted values in through every input, processes them (also with failures), and reads everything that the API
 * shows.
 */
export async function useEverything(system: TestSystem, planted: Planted) {
  const answers: ShownAnswer[] = [];
  const send = async (method: string, path: string, { body, headers, ...kind }: SentRequest = {}) => {
    const response = await fetch(system.baseUrl + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${system.apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push({ path: `${method} ${path}`, text, ...kind });
    return { response, text, data: parse(text)?.data };
  };
  const receiver = await startScriptedServer({ '*': { status: 204 } });
  const callbackUrl = `${receiver.url}/hook?token=${planted.callback}`;
  const use = { send, system, planted };
  try {
    const secrets = await makeSecrets(use);
    await plantPatients(system, planted);
    await runAll(use, callbackUrl);
    const signedLink = await exportSignedFiles(use);
    await requestAll(use, secrets.session ?? '');
    const token = await system.store.accessTokens.read({ connectionId: system.connectionId, credentialsVersion: 0 });
    const links = answers.flatMap(({ text }) =>
      [...text.matchAll(/bulkdata\/[^"?]+\?([^"]+)/g)].map(([, query = '']) => query),
    );
    return {
      answers,
      secrets: { ...secrets, 'access token': token.token?.accessToken ?? '' },
      signedLink,
      links: [...new Set([...links, signedLink])],
    };
  } finally {
    await receiver.stop();
  }
}

type Send = (
  method: string,
  path: string,
  request?: SentRequest,
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the route.
) => Promise<{ readonly response: Response; readonly text: string; readonly data: any }>;

interface Use {
  readonly send: Send;
  readonly system: TestSystem;
  readonly planted: Planted;
}

async function makeSecrets({ send, system, planted }: Use) {
  const { connectionId } = system;
  const webhook = await send('PUT', `/api/ehr/connections/${connectionId}/webhook`, {
    body: {},
    issuedSecret: 'webhook secret',
  });
  const key = await send('POST', '/api/ehr/api-keys', {
    body: { name: 'leaks', role: 'client' },
    issuedSecret: 'client key',
  });
  await send('POST', '/api/ehr/signing-keys', { body: { privateKey: planted.pem } });
  const login = await fetch(`${system.baseUrl}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: system.baseUrl },
    body: new URLSearchParams({ key: system.apiKey }),
  });
  const session = /bulkhead=([^;]+)/.exec(login.headers.get('set-cookie') ?? '')?.[1] ?? '';
  return {
    'client secret': 'simulator-secret',
    'wrong secret': planted.wrongSecret,
    'operator key': system.apiKey,
    'client key': key.data.key as string,
    'webhook secret': webhook.data.secret as string,
    'encryption key': system.encryptionKey,
    'private key': planted.pemLine,
    'private number': planted.privateNumber,
    session,
  } as Record<string, string>;
}

async function plantPatients(system: TestSystem, planted: Planted): Promise<void> {
  const { patientId, address } = planted;
  const subject = { reference: `Patient/${patientId}` };
  const data = Buffer.from(planted.document).toString('base64');
  const document = (id: string, attachment: object) => ({
    resourceType: 'DocumentReference',
    id,
    status: 'current',
    subject,
    content: [{ attachment: { contentType: 'text/plain', ...attachment } }],
  });
  const resources = [
    { resourceType: 'Patient', id: patientId, name: [{ family: planted.patientName }] },
    {
      resourceType: 'Observation',
      id: 'planted-1',
      status: 'final',
      code: { text: 'x' },
      subject,
      note: [{ text: planted.note }],
    },
    document('planted-2', { title: planted.title, data }),
    document('planted-3', { url: `Binary/${address}` }),
    {
      resourceType: 'DiagnosticReport',
      id: 'planted-4',
      status: 'final',
      code: { text: 'x' },
      subject,
      result: [{ reference: 'Observation/not-exported' }],
    },
  ];
  for (const resource of resources) {
    await system.simulator.put(`${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
  }
  const fetched = Buffer.from(planted.fetched).toString('base64');
  const body = { resourceType: 'Binary', contentType: 'text/plain', data: fetched };
  await system.simulator.inject(address, { kind: 'status', status: 200, body }, { times: 'always' });
}

async function runAll({ send, system, planted }: Use, callbackUrl: string): Promise<void> {
  const { connectionId } = system;
  // An unusable line with the patient's name in it, which is quarantined.
  const line = `{"resourceType":"Condition","note":"${planted.patientName} ${planted.badLine}"`;
  const fault = { kind: 'corrupt-line', line: 1, with: line };
  await system.simulator.inject('bulkdata/.*Condition', fault);
  const typeFilters = [`Patient?name=${planted.filter}`];
  await settled(send, await startExport(send, { connectionId, callbackUrl, typeFilters, resourceTypes: undefined }));

  await exportCohort({ send, system, planted });

  const refused = await send('POST', '/api/ehr/connections', {
    body: {
      provider: 'athenahealth',
      auth: { method: 'client_credentials', clientId: 'simulator-client', clientSecret: planted.wrongSecret },
    },
  });
  await settled(send, await startExport(send, { connectionId: refused.data.id }));

  // After the export, so that it searches a stored patient.
  await send('POST', `/api/ehr/connections/${connectionId}/probe`, { body: {} });
  await probed(send, `/api/ehr/connections/${connectionId}/probe`);

  const issue = [
    { severity: 'error', code: 'forbidden', diagnostics: planted.upstream, details: { text: planted.upstream } },
    { severity: planted.upstream, code: planted.upstream, expression: [planted.upstream] },
  ];
  const body = { resourceType: 'OperationOutcome', issue };
  await system.simulator.inject('r4/Condition$', { kind: 'status', status: 403, body }, { times: 'always' });
  const sync = await send('POST', `${athena}/enhanced-sync`, {
    body: { connectionId, patients: [planted.patientId], callbackUrl },
    headers: { prefer: 'respond-async' },
  });
  await ended(send, sync.data.url);
}

/** Exports a cohort. */
async function exportCohort({ send, system, planted }: Use): Promise<void> {
  const { connectionId } = system;
  const patients = [planted.patientId];
  await send('PUT', `/api/ehr/connections/${connectionId}/cohorts/panel`, { body: { patients } });
  const id = await startExport(send, { connectionId, cohort: 'panel', since: 'last', resourceTypes: ['Patient'] });
  await settled(send, id);
}

/** Exports files that need no token, because their links are signed. @returns the query of such a link */
async function exportSignedFiles({ send, system }: Use): Promise<string> {
  const { simulator, store, connectionId } = system;
  await simulator.orderSettings({ requiresAccessToken: false });
  const id = await startExport(send, { connectionId, resourceTypes: ['Patient'] });
  await settled(send, id);
  const [file] = await store.outputFiles.listByExport(id);
  return new URL(file?.url ?? '').search;
}

async function startExport(send: Send, body: object): Promise<string> {
  return (await send('POST', `${athena}/bulk-export`, { body })).data.id;
}

async function probed(send: Send, path: string): Promise<void> {
  await waitFor(async () => (await send('GET', path)).data?.probe?.endedAt !== undefined);
}

async function settled(send: Send, id: string): Promise<void> {
  await ended(send, `${athena}/bulk-export/${id}`);
  await send('GET', `${athena}/bulk-export/${id}/files`);
}

async function ended(send: Send, path: string): Promise<void> {
  const hasEnded = async () => (await send('GET', path)).data.status !== 'IN_PROGRESS';
  await waitFor(hasEnded, { timeoutMs: 60_000, intervalMs: 200, what: `the end of ${path}` });
}

async function requestAll({ send, system, planted }: Use, session: string): Promise<void> {
  const { connectionId } = system;
  const of = `connectionId=${connectionId}`;
  for (const type of ['Patient', 'Observation']) {
    await send('GET', `${athena}/resources/${type}?${of}`, { showsPatients: true });
  }
  await send('GET', `${athena}/resources/Observation?${of}&code=${planted.query}&patient=${planted.searchedPatient}`);
  await send('GET', `${athena}/resources/Observation/${planted.resourceId}?${of}`);
  await send('GET', `${athena}/resources/Patient?${of}&patient=${planted.patientId}`, { showsPatients: true });
  const documents = await waitFor(
    async () => {
      const { data } = await send('GET', `${athena}/documents?${of}&patient=${planted.patientId}&state=stored`);
      return data.length === 2 ? data : undefined;
    },
    { timeoutMs: 30_000, what: 'stored documents' },
  );
  for (const { id } of documents) await send('GET', `${athena}/documents/${id}`, { showsPatients: true });
  const lines = (await send('GET', `/api/ehr/quarantine?${of}`)).data;
  for (const { id } of lines) await send('GET', `/api/ehr/quarantine/${id}/line`, { showsPatients: true });
  for (const path of [
    'connections',
    'schedules',
    'api-keys',
    'signing-keys',
    'audit-events',
    `webhook-deliveries?${of}`,
  ]) {
    await send('GET', `/api/ehr/${path}`);
  }
  // Bull Board, with every job that is kept.
  const headers = { authorization: '', cookie: `bulkhead=${session}` };
  for (const status of ['completed', 'failed', 'delayed', 'waiting']) {
    await send('GET', `/admin/queues/api/queues?status=${status}&page=1&jobsPerPage=100`, { headers });
  }
  for (const path of ['/.well-known/jwks.json', '/openapi.json', '/health', '/ready', '/nowhere'])
    await send('GET', path);
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    // A page, a document or NDJSON.
    return undefined;
  }
}
