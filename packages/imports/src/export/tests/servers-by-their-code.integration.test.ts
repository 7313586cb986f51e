import { type Handler, type Script, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import type { BulkExport } from '../index.ts';
import { runExport, runExportSinceLast } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Servers that cannot be started here, with what their code sends: forms, texts and deviations.

let server: ScriptedServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

const lines = (...resources: readonly object[]) =>
  resources
    .map((resource) => `${JSON.stringify({ ...resource, meta: { lastUpdated: '2026-11-01T00:00:00Z' } })}\n`)
    .join('');
const one = { resourceType: 'Patient', id: 'p1' };
const two = { resourceType: 'Patient', id: 'p2' };
const claim = { resourceType: 'ExplanationOfBenefit', id: 'e1', patient: { reference: 'Patient/p1' } };

const capabilities = (...types: readonly string[]) => ({
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  rest: [{ resource: types.map((type) => ({ type, operation: [{ name: 'export' }] })) }],
});
const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const sent = (end: string) => server.requests.filter(({ path }) => path.endsWith(end));

async function start(options: {
  readonly script: Script;
  readonly scope: string;
  readonly base?: string;
}): Promise<void> {
  server = await startScriptedServer(options.script);
  const credentials = { clientId: 'client', clientSecret: 'secret', tokenEndpoint: `${server.url}/auth/token` };
  const auth = { method: 'client_credentials', ...credentials, scope: options.scope } as const;
  cases = await startUseCases({ connection: { fhirEndpoint: `${server.url}${options.base ?? ''}`, auth } });
}

/** Answers 401 without the token. */
const withToken =
  (answer: Handler): Handler =>
  (request, response) =>
    request.headers.authorization === 'Bearer the-token' ? answer(request, response) : { status: 401 };

// https://github.com/CMSgov/bcda-app: bcda/auth/api.go, bcda/api/requests.go (JobStatus, DeleteJob), read on 2026-12-03.
test('BCDA: tokens by Basic without a grant, no counts, `Expires` in the form of Go, 410 to DELETE, and a file of warnings', async () => {
  const basic = `Basic ${Buffer.from('client:secret').toString('base64')}`;
  let files: readonly { readonly type: string; readonly text: string }[] = [
    { type: 'Patient', text: lines(one, two) },
    { type: 'ExplanationOfBenefit', text: lines(claim) },
  ];
  const warning = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'warning', code: 'informational', details: { text: 'Beneficiary p3 has no claims' } }],
  };
  await start({
    base: '/api/v2',
    scope: '',
    script: {
      '/api/v2/metadata': { body: capabilities('Patient', 'ExplanationOfBenefit') },
      'POST /auth/token': ({ headers }) =>
        headers.authorization === basic
          ? { body: { access_token: 'the-token', expires_in: '1200', token_type: 'bearer' } }
          : { status: 400, body: 'Bad Request\n' },
      '/api/v2/Patient/$export': withToken(({ count }) => {
        const headers = { 'content-location': `${server.url}/api/v2/jobs/${count}` };
        return { status: 202, headers };
      }),
      'GET /api/v2/jobs/*': withToken(({ count, path }) => {
        if (count % 2 === 1) return { status: 202, headers: { 'x-progress': 'In Progress (50%)' } };
        return {
          headers: { expires: '2026-12-04 20:31:52.408 +0000 UTC' },
          body: {
            // That of the last load of claims, which does not move with each export.
            transactionTime: '2026-11-15T07:00:00.000-05:00',
            request: `${server.url}/api/v2/Patient/$export`,
            requiresAccessToken: true,
            output: files.map(({ type }, index) => ({ type, url: `${server.url}/data/${index}.ndjson` })),
            error: [{ type: 'OperationOutcome', url: `${server.url}/data/1-error.ndjson` }],
            JobID: Number(path.split('/').at(-1)),
          },
        };
      }),
      'DELETE /api/v2/jobs/*': {
        status: 410,
        body: {
          resourceType: 'OperationOutcome',
          issue: [
            {
              severity: 'error',
              code: 'Not found',
              details: { text: 'Job was not cancelled because it is not Pending or In Progress' },
            },
          ],
        },
      },
      '/data/*': withToken(({ path }) => files[Number(/\d+/.exec(path)?.[0])]?.text ?? ''),
      '/data/1-error.ndjson': withToken(() => `${JSON.stringify(warning)}\n`),
    },
  });
  const first = await runExport(cases);
  expect(first).toMatchObject({ phase: 'completed', isPartial: false, counts: { stored: 3, filesFailed: 0 } });
  files = [];
  const second = await runExportSinceLast(cases);
  expect(second).toMatchObject({ phase: 'completed', counts: { stored: 0 } });
  expect(codes(second)).not.toContain('ehr-clock-went-back');
  // It is no warning that a job which has ended cannot be cancelled.
  for (const ended of [first, second]) expect(codes(ended)).not.toContain('not-deleted');
});

// https://github.com/openemr/openemr: FhirOperationExportRestController.php, FhirExportJobService.php, read on 2026-12-03.
test('OpenEMR: exact headers, named scopes only, a PHP object as the time, `output` null and outcomes in `error`', async () => {
  const outcome = (text: string) => ({
    id: 'b6a0',
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'processing', details: { text } }],
  });
  const scope =
    'system/Patient.read system/Binary.read system/Patient.$export system/*.$bulkdata-status system/Group.$export';
  let output: readonly object[] | null = null;
  let errors: readonly object[] = [];
  await start({
    base: '/apis/default/fhir',
    scope,
    script: {
      '/apis/default/fhir/metadata': { body: capabilities('Patient', 'Observation') },
      'POST /auth/token': ({ body }) =>
        new URLSearchParams(body).get('scope') === scope
          ? { body: { access_token: 'the-token', expires_in: 60, token_type: 'Bearer', scope } }
          : {
              status: 400,
              body: {
                error: 'invalid_scope',
                error_description: 'The requested scope is invalid, unknown, or malformed',
              },
            },
      '/apis/default/fhir/Patient/$export': withToken(({ headers, count }) => {
        if (headers.accept !== 'application/fhir+json')
          return { status: 400, body: outcome("'Accept' header invalid") };
        if (headers.prefer !== 'respond-async') return { status: 400, body: outcome("'Prefer' header invalid") };
        const location = `${server.url}/apis/default/fhir/$bulkdata-status?job=${count}`;
        return { status: 202, headers: { 'content-location': location, 'content-type': 'application/json' } };
      }),
      'GET /apis/default/fhir/$bulkdata-status': withToken(() => ({
        body: {
          transactionTime: { date: '2026-12-01 20:31:52.408000', timezone_type: 3, timezone: 'UTC' },
          request: `${server.url}/apis/default/fhir/Patient/$export`,
          requiresAccessToken: true,
          output,
          error: errors,
        },
      })),
      'DELETE /apis/default/fhir/$bulkdata-status': withToken(({ count }) => ({ status: count === 1 ? 202 : 404 })),
      '/apis/default/fhir/Binary/7': withToken(() => ({
        headers: { 'content-type': 'application/fhir+ndjson' },
        body: lines(one, two),
      })),
    },
  });
  const empty = await runExport(cases);
  expect(empty).toMatchObject({ phase: 'completed', counts: { stored: 0 } });
  output = [{ url: `${server.url}/apis/default/fhir/Binary/7`, type: 'Patient' }];
  errors = [outcome('Resource does not support this export operation')];
  const ended = await runExport(cases);
  expect(ended).toMatchObject({
    phase: 'completed',
    counts: { stored: 2 },
    transactionTime: '2026-12-01T20:31:52.408Z',
  });
  expect(JSON.stringify(ended.warnings)).toContain('Resource does not support this export operation');
  expect(sent('$export').map(({ method }) => method)).toEqual(['GET', 'GET']);
});

// https://github.com/medplum/medplum: packages/server/src/fhir/bulkdata.ts, operations/utils/bulkexporter.ts, read on 2026-12-03.
test('Medplum: 202 without headers, the time of the end, and signed links that get no token', async () => {
  let statuses = 0;
  let files: readonly string[] = ['a'];
  const storage = await startScriptedServer({
    '/binary/*': ({ headers, query }) =>
      headers.authorization === undefined && query.has('Signature')
        ? { headers: { 'content-type': 'application/fhir+ndjson' }, body: lines(one, two) }
        : { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
  });
  await using _storage = storage;
  await start({
    base: '/fhir/R4',
    scope: 'system/*.read',
    script: {
      '/fhir/R4/metadata': { body: capabilities('Patient') },
      'POST /auth/token': {
        body: { access_token: 'the-token', expires_in: 3600, token_type: 'Bearer', scope: 'system/*.read' },
      },
      '/fhir/R4/Patient/$export': withToken(() => ({
        status: 202,
        headers: { 'content-location': `${server.url}/fhir/R4/bulkdata/export/8f5b` },
        body: {
          resourceType: 'OperationOutcome',
          id: 'accepted',
          issue: [{ severity: 'information', code: 'informational', details: { text: 'Accepted' } }],
        },
      })),
      'GET /fhir/R4/bulkdata/export/8f5b': withToken(() => {
        statuses += 1;
        if (statuses % 3 !== 0) return { status: 202 };
        return {
          body: {
            transactionTime: new Date().toISOString(),
            request: `${server.url}/fhir/R4/Patient/$export`,
            requiresAccessToken: false,
            output: files.map((id) => ({
              type: 'Patient',
              url: `${storage.url}/binary/${id}?Expires=1893456000&Key-Pair-Id=K1&Signature=s`,
            })),
            error: [],
          },
        };
      }),
      'DELETE /fhir/R4/bulkdata/export/8f5b': withToken(() => ({ status: 202, body: 'Accepted' })),
    },
  });
  const first = await runExport(cases);
  expect(first).toMatchObject({ phase: 'completed', counts: { stored: 2 }, warnings: [] });
  files = [];
  const second = await runExportSinceLast(cases);
  expect(second).toMatchObject({ phase: 'completed', isPartial: false, counts: { stored: 0 } });
  expect(sent('$export').at(-1)?.query.get('_since')).not.toBeNull();
});
