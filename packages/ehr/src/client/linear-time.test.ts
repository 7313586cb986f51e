import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { toEhrText } from '@bulkhead/base';
import { cronFault, isTimeZone } from '@bulkhead/base/cron';
import { parseMediaType } from '@bulkhead/fhir';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readFactsFile } from '../providers/index.ts';
import { importSigningKey } from '../providers/signing-key.ts';
import { parseRetryAfter } from './answers/answer-rules.ts';
import { contentCodings } from './answers/decode-body.ts';
import { fileFormOf, toLines } from './answers/file-form.ts';
import { statedDayLimit } from './answers/limit-headers.ts';
import { readErrorBody } from './answers/read-error-body.ts';
import { toUtf8 } from './answers/to-utf8.ts';
import { readManifest } from './bulk-data/export-status.ts';
import { type KickOffAttempt, mayMeanNoChanges, negotiateKickOff } from './bulk-data/negotiate-kick-off.ts';
import { EhrHttpError } from './http/ehr-http-error.ts';
import { interpretStatement } from './search/capability-statement.ts';
import { base64url, idTokenOf, readIdToken } from './testing/read-id-token.ts';

const now = new Date('2026-05-01T10:00:00Z');
const manifestUrl = 'https://ehr.example/status/1';

const kickOff: KickOffAttempt = {
  method: 'GET',
  parameters: { types: ['Patient'], since: '2026-05-01T10:00:00Z', typeFilters: ['Patient?a=b'] },
  refusedTypes: [],
};

function manifest(text: string) {
  const chunks = Buffer.from(text);
  return readManifest(Readable.from([chunks], { objectMode: false }), manifestUrl);
}

const header = base64url('{"alg":"RS256"}');
/** Parts of a JWT, which openid-client parses. The largest are as long as a token endpoint's answer may be: 1 MB. */
const idTokenParts: readonly Omit<Reader, 'parse'>[] = [
  { name: 'an ID token' },
  { name: 'the header of an ID token', wrap: (run) => `${run}.e30.c2ln` },
  { name: 'the decoded header of an ID token', wrap: (run) => `${base64url(run)}.e30.c2ln` },
  { name: 'the payload of an ID token', wrap: (run) => `${header}.${run}.c2ln` },
  { name: 'the decoded payload of an ID token', wrap: (run) => `${header}.${base64url(run)}.c2ln` },
  { name: 'the signature of an ID token', wrap: (run) => idTokenOf({}, { signature: run }) },
  { name: 'the algorithm of an ID token', wrap: (run) => idTokenOf({}, { alg: run }) },
  { name: 'the issuer of an ID token', wrap: (run) => idTokenOf({ iss: run }) },
  // Each character is an audience.
  { name: 'the audiences of an ID token', smallestBytes: 100_000, wrap: (run) => idTokenOf({ aud: [...run] }) },
  { name: 'a claim of an ID token', wrap: (run) => idTokenOf({ sub: run, fhirUser: run }) },
];

/** Parsers of text from an EHR, and of text from users that the domain reads. */
const parsers: readonly Reader[] = [
  { name: 'Retry-After', parse: (value) => parseRetryAfter({ value, now }) },
  { name: 'Content-Encoding', parse: (text) => contentCodings({ 'content-encoding': text }) },
  { name: 'Content-Type', parse: parseMediaType },
  { name: 'the parameters of Content-Type', parse: parseMediaType, wrap: (run) => `text/plain;${run}` },
  { name: 'a manifest', parse: manifest },
  {
    name: 'a manifest that is cut off inside a string',
    parse: manifest,
    wrap: (run) => `{"transactionTime":"${run}`,
  },
  {
    name: 'the link of a manifest',
    parse: manifest,
    wrap: (run) =>
      `{"transactionTime":"2026-05-01T10:00:00Z","output":[],"link":[{"relation":"next","url":${JSON.stringify(run)}}]}`,
  },
  {
    name: 'a manifest that is a Parameters resource',
    parse: manifest,
    wrap: (run) =>
      `{"resourceType":"Parameters","parameter":[{"name":"transactionTime","valueInstant":"2026-05-01T10:00:00Z"},{"name":${JSON.stringify(run)},"part":[{"name":"url","valueUri":${JSON.stringify(run)}}]}]}`,
  },
  { name: 'the start of a file', parse: fileFormOf },
  { name: 'the start of an array', parse: fileFormOf, wrap: (run) => `[${run}` },
  { name: 'the start of a resource with line breaks', parse: fileFormOf, wrap: (run) => `{${run}\n${run}` },
  { name: 'an array of resources', parse: (text) => buffer(toLines().end(text)).catch(() => undefined) },
  {
    name: 'a file that names another charset',
    parse: async (text) =>
      buffer((await toUtf8(Readable.from([Buffer.from(text)]), 'text/plain; charset=latin1')).body),
  },
  {
    name: 'a refusal of a kick-off',
    parse: (ehrText) =>
      negotiateKickOff(
        kickOff,
        new EhrHttpError({ status: 400, issues: [], retryAfterMs: undefined, host: '', ehrText }),
      ),
  },
  {
    name: 'a kick-off without changes',
    parse: (ehrText) =>
      mayMeanNoChanges(
        kickOff,
        new EhrHttpError({ status: 404, issues: [], retryAfterMs: undefined, host: '', ehrText }),
      ),
    wrap: (run) => `_since not ${run} a`,
  },
  {
    name: 'a CapabilityStatement',
    parse: (text) =>
      interpretStatement(
        {
          resourceType: 'CapabilityStatement',
          fhirVersion: text,
          instantiates: [text],
          software: { name: text, version: text },
          rest: [{ mode: 'server', resource: [{ type: text }], operation: [{ name: text, definition: text }] }],
        },
        now,
      ),
  },
  { name: 'a text of the EHR', parse: toEhrText },
  { name: 'a cron expression', parse: cronFault },
  {
    name: 'the headers of a limit',
    parse: (text) => statedDayLimit({ 'x-ratelimit-limit-day': text, [text.slice(0, 10_000)]: text }, new Date(0)),
  },
  { name: 'a signing key', parse: (text) => importSigningKey({ text }) },
  {
    name: 'a signing key as PEM',
    parse: (text) => importSigningKey({ text }),
    wrap: (run) => `-----BEGIN PRIVATE KEY-----\n${run}\n-----END PRIVATE KEY-----`,
  },
  {
    name: 'a number of a signing key',
    smallestBytes: 64_000,
    parse: (text) => importSigningKey({ text }),
    wrap: (run) => {
      const number = base64url(run);
      const numbers = { n: number, d: number, p: number, q: number, dp: number, dq: number, qi: number };
      return JSON.stringify({ kty: 'RSA', e: 'AQAB', ...numbers });
    },
  },
  { name: 'a time zone', parse: isTimeZone },
];

function readErrorText(text: string) {
  return readErrorBody(Object.assign(Readable.from([Buffer.from(text)]), { headers: {} }) as never);
}

function refusedFile(content: unknown): void {
  try {
    readFactsFile(content);
  } catch {
    // Its refusal is read too.
  }
}

/** Readers of lists, objects and deep nesting. */
const structures: readonly Reader[] = [
  ...['output', 'deleted', 'error', 'link', 'extension'].map((name) => ({
    name: `a manifest with a long or deep ${name}`,
    parse: manifest,
    wrap: (value: string) => `{"transactionTime":"2026-05-01T10:00:00Z","output":[],"${name}":${value}}`,
    listElements: ['{"type":"Patient","url":"https://ehr.example/1"}'],
  })),
  ...['rest', 'instantiates'].map((name) => ({
    name: `a CapabilityStatement with a long or deep ${name}`,
    parse: (text: string) => interpretStatement(JSON.parse(text), now),
    wrap: (value: string) => `{"resourceType":"CapabilityStatement","${name}":${value}}`,
    listElements: ['{"resource":[{"type":"Patient","operation":[{"name":"export"}]}]}'],
  })),
  {
    name: 'a CapabilityStatement of many resources',
    parse: (text) => interpretStatement(JSON.parse(text), now),
    wrap: (value) => `{"resourceType":"CapabilityStatement","rest":[{"resource":${value}}]}`,
    listElements: ['{"type":"Patient","interaction":[{"code":"search-type"}]}'],
  },
  ...['facts', 'used', 'version'].map((name) => ({
    name: `a file of facts with a long or deep ${name}`,
    parse: (text: string) => refusedFile(JSON.parse(text)),
    wrap: (value: string) => `{"provider":"athenahealth","${name}":${value}}`,
  })),
  { name: 'the body of an error', parse: readErrorText, listElements: ['{"error":"a"}'] },
  {
    name: 'the issues of an error',
    parse: readErrorText,
    wrap: (value) => `{"resourceType":"OperationOutcome","issue":${value}}`,
    listElements: ['{"code":"exception"}'],
  },
];

const idTokens: readonly Reader[] = idTokenParts.map((part) => ({ parse: readIdToken, ...part }));

test.each([...parsers, ...structures, ...idTokens])(
  '$name is read in time that grows no faster than its size',
  async (parser) => expect(await findSuperlinear(parser)).toEqual([]),
);

test('an ID token for this client is accepted, and one for another client is rejected', async () => {
  expect(await readIdToken(idTokenOf({}))).toMatchObject({ accessToken: 'access' });
  await expect(readIdToken(idTokenOf({ aud: 'another-client' }))).rejects.toMatchObject({
    code: 'token-not-understood',
  });
});
