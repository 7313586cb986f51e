import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { AuthorizationRequest, Connection } from '@bulkhead/connections';
import { makeConnection } from '@bulkhead/connections/testing';
import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { createStore, type Store } from '@bulkhead/system';
import { programOf, runApp, testServices } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const first = randomBytes(32);
const second = randomBytes(32);
const now = new Date('2026-05-01T10:00:00Z');
const stores: Store[] = [];
let uri: string;

beforeEach(() => {
  uri = testServices().mongodbUri;
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function open(encryptionKey: Buffer, ...previousEncryptionKeys: Buffer[]): Promise<Store> {
  const store = createStore({ uri, encryptionKey, previousEncryptionKeys });
  await store.connect();
  stores.push(store);
  return store;
}

/** Runs a command as an operator does. */
function run(name: string, options: { readonly keys: readonly Buffer[]; readonly args?: readonly string[] }) {
  const [current, ...previous] = options.keys.map((key) => key.toString('base64'));
  const env = {
    REDIS_URL: testServices().redisUrl,
    MONGODB_URI: uri,
    BULKHEAD_ENCRYPTION_KEY: current,
    BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: previous.join(','),
  };
  return runApp({ program: programOf('api', name), env, args: options.args ?? [] });
}

const client = { clientId: 'c', scope: 'system/*.read' };
const withSecret = (id: string) => {
  const clientSecret = `secret of ${id}`;
  return makeConnection({ id, auth: { method: 'client_credentials', ...client, clientSecret } });
};
const ownKey = { kid: 'kid_own', alg: 'ES384', privateJwk: 'jwk of conn_key' } as const;
const signingAuth = { method: 'private_key_jwt', ...client, alg: 'ES384', signingKey: ownKey } as const;
const authorizationRequest: AuthorizationRequest = {
  id: 'auth_1',
  provider: 'athenahealth',
  kind: 'invitation',
  redirectUri: 'http://app.example/callback',
  clientId: 'c',
  scope: 'patient/*.read',
  fhirEndpoint: 'http://ehr.example/fhir/r4',
  phase: 'created',
  expiresAt: new Date('2099-01-01T00:00:00Z'),
};
const tokenOwner = { connectionId: 'conn_1', credentialsVersion: 0 };
const grant = { accessToken: 'access', refreshToken: 'refresh', scope: 'system/*.read', renewAfterMs: 3_600_000 };
const makeLine = (offset: number, bytes: Buffer) => {
  const place = { connectionId: 'conn_1', runId: 'job_1', fileId: 'job_1.1', line: 1, offset };
  return { ...place, resourceType: 'Patient', reason: 'not-json', sizeBytes: bytes.length, bytes };
};
const inline = Buffer.from('{"an inline line"');
const inFile = Buffer.alloc(1_200_000, 'a long line ');
const correction = Buffer.from('{"corrected":true}');
const content = Buffer.from('a document');
const signedUrl = 'https://files.example/Patient.ndjson?X-Amz-Signature=1';
const lineId = (offset: number) => `job_1.1.${String(offset).padStart(16, '0')}`;

/** Stores one value in every encrypted field and file. */
async function plant(store: Store): Promise<void> {
  await store.migrate();
  await store.connections.insert(withSecret('conn_1'));
  await store.connections.insert(makeConnection({ id: 'conn_key', auth: signingAuth }));
  await store.connections.saveWebhook({ id: 'conn_1', url: undefined, secret: 'whsec_1' });
  await store.connectionDrafts.insert(withSecret('conn_draft'));
  await store.accessTokens.takeLease({ ...tokenOwner, holder: 'h', durationMs: 10_000 });
  await store.accessTokens.save({ ...tokenOwner, generation: 0, grant });
  await store.authorizationRequests.insert({
    request: authorizationRequest,
    secrets: { verifier: 'verifier of auth_1' },
    startHash: 'hash',
  });
  const key = { kid: 'kid_1', alg: 'ES384' as const, privateJwk: 'jwk of kid_1' };
  await store.signingKeys.insert({ key, publicJwk: { kty: 'EC' }, now });
  await store.outputFiles.insertMissing([makeOutputFile({ id: 'file_1', url: signedUrl, requiresAccessToken: false })]);
  await store.quarantine.put({ lines: [makeLine(0, inline), makeLine(100, inFile)], now });
  await store.quarantine.saveCorrection({ id: lineId(0), bytes: correction });
  const attempt = { clientId: 'key_1', key: 'k', holder: 'h' };
  await store.answeredRequests.take({ attempt, request: { requestHash: 'h' }, now: new Date() });
  await store.answeredRequests.save({ attempt, request: answered, connectionId: undefined });
  await store.keptOut.add({ connectionId: 'conn_1', patientId: 'kept-out', now });
  const part = await store.documentContents.createPart({ connectionId: 'conn_1', upload: 'up_1', index: 0 });
  await part.write(content);
  const parts = [await part.end()];
  const size = { sizeBytes: content.length, partBytes: content.length };
  await store.documentContents.insert({
    connectionId: 'conn_1',
    sha256: 'hash',
    upload: 'up_1',
    parts,
    createdAt: now,
    ...size,
  });
  const small = { connectionId: 'conn_1', sha256: 'small', upload: 'up_2', parts: [], partBytes: 10, sizeBytes: 5 };
  await store.documentContents.put({ ...small, createdAt: now }, Buffer.from('small'));
  // As a process that has written nothing for a while.
  await store.gate.close();
}

const answered = { requestHash: 'h', answer: { reply: { status: 201 } } };

async function readAll(store: Store) {
  const document = await store.documentContents.find({ connectionId: 'conn_1', sha256: 'hash' });
  if (!document) throw new Error('the document is missing');
  const small = await store.documentContents.find({ connectionId: 'conn_1', sha256: 'small' });
  if (!small) throw new Error('the small document is missing');
  const { auth } = (await store.connections.findWithSecrets('conn_1')) as Connection;
  const connectionAuth = (await store.connections.findWithSecrets('conn_key'))?.auth as
    | { signingKey?: { privateJwk: string } }
    | undefined;
  return {
    clientSecret: (auth as { clientSecret?: string }).clientSecret,
    ownKey: connectionAuth?.signingKey?.privateJwk,
    draft: (await store.connectionDrafts.find('conn_draft'))?.auth,
    signedUrl: (await store.outputFiles.find('file_1'))?.url,
    signingKey: (await store.signingKeys.findForSigning('ES384'))?.privateJwk,
    verifier: (await store.authorizationRequests.readSecrets('auth_1')).verifier,
    accessToken: (await store.accessTokens.read(tokenOwner)).token?.accessToken,
    refreshToken: (await store.accessTokens.read(tokenOwner)).refreshToken,
    webhookSecret: await store.connections.findWebhookSecret('conn_1'),
    inline: await text(await store.quarantine.openBytes(lineId(0))),
    inFile: await text(await store.quarantine.openBytes(lineId(100))),
    correction: (await store.quarantine.readLine(lineId(0))).toString(),
    answered: await store.answeredRequests.take({
      attempt: { clientId: 'key_1', key: 'k', holder: 'other' },
      request: { requestHash: 'h' },
      now: new Date(),
    }),
    isKeptOut: (await store.keptOut.listAll()).get('conn_1')?.hasPatient('kept-out'),
    document: await text(store.documentContents.read(document, { start: 0, end: content.length })),
    smallDocument: await text(store.documentContents.read(small, { start: 0, end: 5 })),
  };
}
const planted = {
  clientSecret: 'secret of conn_1',
  ownKey: 'jwk of conn_key',
  signedUrl,
  signingKey: 'jwk of kid_1',
  verifier: 'verifier of auth_1',
  accessToken: 'access',
  refreshToken: 'refresh',
  webhookSecret: 'whsec_1',
  inline: inline.toString(),
  inFile: inFile.toString(),
  correction: correction.toString(),
  answered,
  isKeptOut: true,
  document: content.toString(),
  smallDocument: 'small',
  draft: withSecret('conn_draft').auth,
};

test('a rotation encrypts every kind of value with the new key, which can then decrypt all of them without the old key', async () => {
  await plant(await open(first));
  const counted = await run('rotate-encryption-key', { keys: [second, first], args: ['--dry-run'] });
  const rows = counted.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  expect(counted.code).toBe(1);
  // Every encrypted field must contain a value, or this test would not prove anything for it.
  expect(rows.map(({ left }) => left)).toEqual(rows.map(() => 1));
  expect(rows.map(({ encryptedAgain }) => encryptedAgain)).toEqual(rows.map(() => 0));
  expect(rows.map(({ collection, field }) => `${collection}: ${field}`)).toEqual([
    'quarantine: encryptedBytes',
    'quarantine: encryptedCorrection',
    'quarantine.files: metadata.encryptedKey',
    'output_files: encryptedUrl',
    'kept_out_keys: encryptedKey',
    'document_contents: inline.encryptedKey',
    'document_files.files: metadata.encryptedKey',
    'answered_requests: encrypted',
    'connections: encryptedSecret',
    'connections: encryptedPrivateJwk',
    'connections: encryptedWebhookSecret',
    'connection_drafts: encrypted',
    'access_tokens: encryptedAccessToken',
    'access_tokens: encryptedRefreshToken',
    'authorization_requests: encrypted',
    'signing_keys: encryptedPrivateJwk',
  ]);

  const rotated = await run('rotate-encryption-key', { keys: [second, first] });
  expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('"encryptedAgain":1,"left":0') });
  expect(await readAll(await open(second))).toEqual(planted);
  const secondRun = await run('rotate-encryption-key', { keys: [second] });
  expect(secondRun).toMatchObject({ code: 0, stdout: expect.not.stringContaining('"encryptedAgain":1') });
});

test('a running rotation overwrites no value of a writer, and readers find every value', async () => {
  const before = await open(first);
  await plant(before);
  const count = 60;
  for (let n = 0; n < count; n++) await before.connections.insert(withSecret(`conn_w${n}`));
  await before.close();
  const running = await open(second, first);
  let isOver = false;
  const write = async () => {
    for (let round = 0; !isOver; round++) {
      const id = `conn_w${round % count}`;
      await running.connections.saveWebhook({ id, url: undefined, secret: `whsec_${round}` });
      expect(await running.connections.findWebhookSecret(id)).toBe(`whsec_${round}`);
      await running.quarantine.put({ lines: [makeLine(1000 + (round % 20), Buffer.from(`line ${round}`))], now });
    }
  };
  const read = async () => {
    while (!isOver) expect(await readAll(running)).toEqual(planted);
  };
  const otherProcesses = Promise.all([write(), read()]);
  const reports = [];
  try {
    for (let round = 0; round < 3; round++) reports.push(await running.rotateEncryptionKey({ dryRun: false }));
  } finally {
    isOver = true;
  }
  await otherProcesses;
  expect(reports.at(-1)?.fields.filter(({ left }) => left > 0)).toEqual([]);
  const after = await open(second);
  expect(await readAll(after)).toEqual(planted);
  const ids = await after.connections.listIds();
  expect(ids).toHaveLength(count + 2);
  await Promise.all(ids.map((id) => after.connections.findWithSecrets(id)));
});

test('a rotation waits for a process with another key that sleeps while it writes, although it reports nothing', async () => {
  const sleeping = await open(first);
  await plant(sleeping);
  await sleeping.close();
  const late = await open(first);
  // A worker that was paused in the middle of a part of a document.
  const part = await late.documentContents.createPart({
    connectionId: 'conn_1',
    upload: 'conn_1.doc_1.up_2',
    index: 0,
  });
  const running = await open(second, first);
  const refused = await running.rotateEncryptionKey({ dryRun: false });
  expect(refused.otherProcesses).toEqual([expect.stringMatching(/^program .+:\d+$/)]);
  expect(refused.fields.filter(({ encryptedAgain }) => encryptedAgain > 0)).toEqual([]);
  await part.write(content);
  await part.end();
  await late.close();
  const rotated = await running.rotateEncryptionKey({ dryRun: false });
  expect(rotated).toMatchObject({ otherProcesses: [], hasPreviousKeys: false });
  expect(rotated.fields.filter(({ left }) => left > 0)).toEqual([]);
});

test('a process that slept through a rotation cannot write values that the others cannot read', async () => {
  const sleeping = await open(first);
  await sleeping.migrate();
  const running = await open(second, first);
  expect(await running.rotateEncryptionKey({ dryRun: false })).toMatchObject({ hasPreviousKeys: false });
  const writes = [
    () => sleeping.connections.insert(withSecret('conn_late')),
    () => sleeping.quarantine.put({ lines: [makeLine(0, inline)], now }),
    () => sleeping.signingKeys.insert({ key: { kid: 'kid_late', alg: 'ES384', privateJwk: 'jwk' }, now } as never),
  ];
  for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'encryption-key-missing' });
});

test('a rotation continues after a value that no key can decrypt, and reports it', async () => {
  const store = await open(first);
  await plant(store);
  const foreignStore = createStore({ uri, encryptionKey: randomBytes(32), previousEncryptionKeys: [first] });
  await foreignStore.connect();
  await foreignStore.connections.insert(withSecret('conn_2'));
  await foreignStore.close();
  const { fields } = await store.rotateEncryptionKey({ dryRun: false });
  expect(fields.find(({ field }) => field === 'encryptedSecret')).toMatchObject({ encryptedAgain: 0, left: 1 });
});

test('a process does not start with a key other than that of the stored data, and says what to do', async () => {
  await plant(await open(first));
  await expect(open(second)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  for (const command of ['main', 'migrate']) {
    const { code, stdout, stderr } = await run(command, { keys: [second] });
    expect({ command, code }).toEqual({ command, code: 1 });
    expect(stdout + stderr).toContain('BULKHEAD_PREVIOUS_ENCRYPTION_KEYS');
  }
  // Neither process has changed anything: the right key still decrypts everything.
  expect(await readAll(await open(first))).toEqual(planted);
});

test('a process with a new key starts only with the former key as well, until all values are encrypted again', async () => {
  await plant(await open(first));
  const rotatingStore = await open(second, first);
  await expect(open(second)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  await expect(open(first)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  await rotatingStore.rotateEncryptionKey({ dryRun: false });
  expect(await readAll(await open(second))).toEqual(planted);
});

test('a rotation changes nothing while a process encrypts with an earlier key, and names the process', async () => {
  const before = await open(first);
  await plant(before);
  const worker = { id: 'p1', kind: 'worker', host: 'host-1', pid: 7, startedAt: now, down: [], counts: [] } as const;
  await before.processStates.save({ ...worker, reportedAt: new Date(), isStopped: false });
  for (const args of [[], ['--dry-run']]) {
    const { code, stdout } = await run('rotate-encryption-key', { keys: [second, first], args });
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining('another key: worker host-1:7. Start them'),
    });
  }
  // It may lack the new key, so no value was encrypted with that key.
  expect(await readAll(before)).toEqual(planted);
  // It can store a value at any time, which a process without its key could not decrypt.
  await expect(open(second)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  await before.processStates.save({ ...worker, reportedAt: new Date(), isStopped: true });
  await before.gate.close();
  const after = await open(second, first);
  await after.processStates.save({ ...worker, id: 'p2', reportedAt: new Date(), isStopped: false });
  expect(await run('rotate-encryption-key', { keys: [second, first] })).toMatchObject({ code: 0 });
  expect(await readAll(await open(second))).toEqual(planted);
});

test('a dry run fails while an earlier key is registered, because no process starts without that key', async () => {
  await plant(await open(first));
  expect(await run('rotate-encryption-key', { keys: [second, first] })).toMatchObject({ code: 0 });
  // A process or a command that still has the variables from before the rotation.
  await open(first, second);
  await expect(open(second)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  const counted = await run('rotate-encryption-key', { keys: [second, first], args: ['--dry-run'] });
  expect(counted).toMatchObject({ code: 1, stdout: expect.stringContaining('without --dry-run') });
  expect(await run('rotate-encryption-key', { keys: [second, first] })).toMatchObject({ code: 0 });
  expect(await run('rotate-encryption-key', { keys: [second], args: ['--dry-run'] })).toMatchObject({ code: 0 });
});

test('a command prints its usage for a wrong option, without a database', async () => {
  uri = 'mongodb://127.0.0.1:1/none';
  const { code, stderr } = await run('rotate-encryption-key', { keys: [first], args: ['--force'] });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('usage: rotate-encryption-key') });
});
