import { buffer } from 'node:stream/consumers';
import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { startEhr, type TestEhr } from '../testing/start-ehr.ts';
import { openFile } from './open-file.ts';

let ehr: TestEhr;
let url: string;
let requiresAccessToken: boolean;
afterEach(() => ehr.stop());

async function start(simulator: EhrSimulatorOptions = {}): Promise<void> {
  ehr = await startEhr({ simulator });
  const manifest = await ehr.export(['Observation']);
  ({ requiresAccessToken } = manifest);
  url = manifest.entries[0]?.url ?? '';
}

const open = (resume?: { offset: number; etag: string }, signal?: AbortSignal) =>
  openFile({ session: ehr.session, url, requiresAccessToken, resume, signal });
const orderFile = (fault: object) => ehr.inject('bulkdata', fault);

/** Reads the whole decoded file. */
async function readWhole(): Promise<Buffer> {
  return buffer((await open()).body);
}

/** Resumes the file and expects that it is read from the start. */
async function expectRestart(resume: { offset: number; etag: string }, whole: Buffer): Promise<void> {
  const restarted = await open(resume);
  expect(restarted.startOffset).toBe(0);
  expect((await buffer(restarted.body)).equals(whole)).toBe(true);
}

test('an output file is received compressed and decoded', async () => {
  await start();
  const { body, startOffset, etag } = await open();
  const whole = await buffer(body);
  expect([startOffset, etag]).toEqual([0, expect.stringMatching(/^".+"$/)]);
  const lines = whole.toString('utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.map((line) => JSON.parse(line).resourceType)).toEqual(lines.map(() => 'Observation'));
  const [request] = await ehr.requests(/bulkdata/);
  expect(request?.headers).toMatchObject({ accept: 'application/fhir+ndjson', 'accept-encoding': 'gzip' });
  expect((await ehr.violations()).violations).toEqual([]);
});

test('an output file is read from a server that does not compress', async () => {
  await start();
  const whole = await readWhole();
  await orderFile({ kind: 'ignore-range' });
  const { body } = await open({ offset: 10, etag: '"x"' });
  expect((await buffer(body)).equals(whole)).toBe(true);
});

test('an output file is resumed at a byte and gives the rest #resume', async () => {
  await start();
  const { body, etag = '' } = await open();
  const whole = await buffer(body);
  for (const offset of [1, 1000, whole.length - 1, whole.length]) {
    const rest = await open({ offset, etag });
    expect(rest.startOffset).toBe(offset);
    expect((await buffer(rest.body)).equals(whole.subarray(offset))).toBe(true);
  }
  const lastRequest = (await ehr.requests(/bulkdata/)).at(-1);
  expect(lastRequest?.headers).toMatchObject({ range: `bytes=${whole.length - 1}-`, 'if-range': etag });
});

test('an output file that changed is read from the start #resume', async () => {
  await start();
  const whole = await readWhole();
  await expectRestart({ offset: 1000, etag: '"of another version"' }, whole);
});

test('an output file of a server without ranges is read from the start #resume', async () => {
  await start();
  const { body, etag = '' } = await open();
  const whole = await buffer(body);
  await orderFile({ kind: 'ignore-range' });
  await expectRestart({ offset: 1000, etag }, whole);
});

test('an output file that became shorter than the read part (416) is read from the start', async () => {
  await start();
  const { body, etag = '' } = await open();
  const whole = await buffer(body);
  await expectRestart({ offset: whole.length + 5, etag }, whole);
});

test('an output file that is not resumed fails after a 416', async () => {
  await start();
  await orderFile({ kind: 'status', status: 416 });
  await expect(open()).rejects.toMatchObject({ status: 416 });
});

test('an output file with a weak ETag, or none, has no validator #resume', async () => {
  await start();
  for (const etag of ['W/"weak"', null]) {
    await orderFile({ kind: 'headers', set: { etag } });
    const file = await open();
    expect(file.etag).toBeUndefined();
    file.body.destroy();
  }
});

test.each([
  { what: 'compressed and cut', fault: { kind: 'truncate', afterBytes: 500 }, resume: false },
  {
    what: 'compressed and cut as if it were whole',
    fault: { kind: 'truncate', afterBytes: 500, clean: true },
    resume: false,
  },
  { what: 'plain and cut', fault: { kind: 'truncate', afterBytes: 500 }, resume: true },
  { what: 'compressed and reset', fault: { kind: 'reset', afterBytes: 500 }, resume: false },
  { what: 'plain and reset', fault: { kind: 'reset', afterBytes: 500 }, resume: true },
])('$what ends the stream with an error and never as complete #clean-end', async ({ fault, resume }) => {
  await start();
  const { body, etag = '' } = await open();
  body.destroy();
  await orderFile(fault);
  const file = await open(resume ? { offset: 10, etag } : undefined);
  await expect(buffer(file.body)).rejects.toThrow();
});

test('a connection that is reset before the answer throws ehr-unreachable', async () => {
  await start();
  await orderFile({ kind: 'reset' });
  await expect(open()).rejects.toMatchObject({ code: 'ehr-unreachable', retry: 'later' });
});

test.each([
  { status: 403, code: 'ehr-forbidden' },
  { status: 404, code: 'ehr-not-found' },
  { status: 410, code: 'ehr-not-found' },
])('an output file that fails with $status throws $code with the issues of the answer', async ({ status, code }) => {
  await start();
  await orderFile({ kind: 'status', status });
  await expect(open()).rejects.toMatchObject({ status, code, issues: [{ code: 'exception' }] });
});

test('an expired link is reported', async () => {
  await start();
  await orderFile({ kind: 'expire-links' });
  await expect(open()).rejects.toMatchObject({ code: expect.stringMatching(/^ehr-(not-found|forbidden)$/) });
});

test.each([
  { what: 'at the same host', simulator: { requiresAccessToken: false } },
  { what: 'at a separate host', simulator: { separateFileHost: true } },
])('an output file $what that needs no token is requested without one', async ({ simulator }) => {
  await start(simulator);
  expect(requiresAccessToken).toBe(false);
  expect((await readWhole()).length).toBeGreaterThan(1000);
  const [request] = await ehr.requests(/bulkdata/);
  expect(request?.headers.authorization).toBeUndefined();
  expect((await ehr.violations()).byKind).toMatchObject({ token: 0 });
});

test('the token is not sent for an output file at a foreign host that requires it #file-token', async () => {
  await start({ separateFileHost: true });
  requiresAccessToken = true;
  // A link without a signature.
  url = url.replace(/\?.*/, '');
  await expect(open()).rejects.toMatchObject({ code: 'origin-not-allowed', retry: 'never' });
  expect(await ehr.requests(/bulkdata/)).toEqual([]);
});

test.each(['X-Amz-Signature', 'X-Goog-Signature', 'Signature', 'sig'])(
  'a link with a signature in %s is opened without the token that its manifest requires #file-token',
  async (name) => {
    await start();
    // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: what Amazon S3 says to a signed link with a token.
    const body =
      '<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified</Message></Error>';
    const received: (string | undefined)[] = [];
    const store = await startScriptedServer({
      '/file*': ({ headers }) => {
        received.push(headers.authorization);
        if (headers.authorization !== undefined) return { status: 400, body };
        return { headers: { 'content-type': 'application/fhir+ndjson' }, body: '{"resourceType":"Patient"}\n' };
      },
    });
    try {
      const file = `${store.url}/file?${name}=abc&X-Amz-Expires=300`;
      const opened = await openFile({ session: ehr.session, url: file, requiresAccessToken: true });
      expect((await buffer(opened.body)).toString()).toBe('{"resourceType":"Patient"}\n');
      expect(received).toEqual([undefined]);
    } finally {
      await store.stop();
    }
  },
);

test('an output file whose download is aborted ends with an error', async () => {
  await start();
  await orderFile({ kind: 'stall', afterBytes: 2000 });
  const controller = new AbortController();
  const { body } = await open(undefined, controller.signal);
  const reading = buffer(body);
  controller.abort(new Error('cancelled'));
  await expect(reading).rejects.toThrow();
});
