import { startTracing } from '@bulkhead/base';
import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import { afterAll, expect, test } from '@jest/globals';
import { type ReceivedSpan, startCollector } from '../harness/start-collector.ts';
import { startSystem } from '../harness/start-system.ts';

const planted = 'planted-8d1f';
const clientTrace = '4bf92f3577b34da6a3ce929d0e0e4736';

const collector = await startCollector();
const { endpoint } = collector;
const [api, ofWorker] = await Promise.all(
  ['bulkhead-api', 'bulkhead-worker'].map((name) => startTracing({ name, endpoint })),
);
if (!api || !ofWorker) throw new Error('no tracing');
// Prevents a sweep between the last file and the finalize job. It would create that job itself, in another trace.
const env = { WORKER_SWEEP_INTERVAL_MS: '600000' };
const system = await startSystem({
  hasWorker: true,
  simulator: { patients: 4 },
  tracing: { api, worker: ofWorker },
  env,
});
await system.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1, with: planted });
const post = await system.request(
  'POST',
  '/api/ehr/athenahealth/bulk-export',
  {
    connectionId: system.connectionId,
    resourceTypes: ['Patient', 'Condition'],
    typeFilters: [`Condition?code=${planted}`],
  },
  { traceparent: `00-${clientTrace}-00f067aa0ba902b7-01` },
);
const exportId = post.body.data.id;
await system.settled(exportId);
await system.request('GET', `/api/ehr/connections/conn_${planted}?name=${planted}`);
// The EHR refuses this secret.
const wrong = await system.connect({ auth: { ...simulatorAuth, clientSecret: planted } });
await system.request('POST', `/api/ehr/connections/${wrong}/test`);
// Each process sends its remaining spans when it stops.
await system.stop();
const spans = collector.spans as readonly ReceivedSpan[];
afterAll(() => collector.stop());

const spansNamed = (name: string) => spans.filter((span) => span.name === name);
/** The names from the first known span of the trace to this span. */
function pathTo(span: ReceivedSpan | undefined): string[] {
  if (!span) return [];
  return [...pathTo(spans.find(({ spanId }) => spanId === span.parentSpanId)), span.name];
}

test('the trace of a client’s request continues in the job, the request to the EHR and the database commands', () => {
  const ours = spans.filter(({ traceId }) => traceId === clientTrace);
  const [request] = ours.filter(({ name }) => name === 'POST /api/ehr/:provider/bulk-export');
  expect(request).toMatchObject({ service: 'bulkhead-api', parentSpanId: '00f067aa0ba902b7' });
  expect(request?.attributes).toMatchObject({ 'http.response.status_code': 202, 'http.request.method': 'POST' });
  const paths = new Set(ours.map((span) => pathTo(span).join(' > ')));
  const root = 'POST /api/ehr/:provider/bulk-export';
  expect(paths).toContain(`${root} > insert bulk_exports`);
  expect(paths).toContain(`${root} > export.kick-off > EHR kick-off`);
  expect(paths).toContain(`${root} > export.kick-off > findAndModify bulk_exports`);
  const [job] = ours.filter(({ name }) => name === 'export.kick-off');
  expect(job).toMatchObject({ service: 'bulkhead-worker' });
  expect(job?.attributes).toMatchObject({ 'bulkhead.exportId': exportId, 'bulkhead.attempt': 1 });
});

test('each poll has its own trace, with a link to the trace of its export', () => {
  const polls = spansNamed('export.poll');
  expect(polls.length).toBeGreaterThan(0);
  for (const poll of polls) {
    expect([poll.traceId === clientTrace, poll.parentSpanId, poll.linkedTraceIds]).toEqual([false, '', [clientTrace]]);
  }
  // The poll that finds the manifest adds the downloads, and the last download adds the finalize job.
  const downloads = spansNamed('file.download').map((span) => pathTo(span)[0]);
  expect(new Set(downloads)).toEqual(new Set(['export.poll']));
  expect(spansNamed('file.download').length).toBe(2);
  expect(pathTo(spansNamed('export.finalize')[0])).toEqual(['export.poll', 'export.finalize']);
  const writes = spans.filter(({ name }) => name === 'insert Patient').map((span) => pathTo(span).join(' > '));
  expect(writes).toContain('export.poll > file.download > insert Patient');
});

test('a span of a request to the EHR shows its kind and status, and only the host of its address', () => {
  const [kickOff] = spansNamed('EHR kick-off').filter(
    ({ attributes }) => attributes['http.response.status_code'] === 202,
  );
  expect(kickOff?.attributes).toEqual({
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'bulkhead.provider': 'athenahealth',
    'bulkhead.kind': 'kick-off',
    'http.response.status_code': 202,
  });
  const refused = spansNamed('EHR token').filter(({ attributes }) => attributes['http.response.status_code'] === 401);
  expect(pathTo(refused[0])).toEqual(['POST /api/ehr/connections/:id/test', 'connection.test', 'EHR token']);
});

test('probes and idle commands have no trace', () => {
  expect(spans.filter(({ name }) => /\/(?:health|ready|metrics)/.test(name))).toEqual([]);
  const isRoot = ({ parentSpanId }: ReceivedSpan) => parentSpanId === '';
  // Root spans are requests and jobs. A database command is always part of one.
  expect(spans.filter((span) => isRoot(span) && span.attributes['db.system.name'] !== undefined)).toEqual([]);
});

test('no span contains a secret, a query, a patient id, a statement or an error text', () => {
  const text = collector.text();
  expect(spans.length).toBeGreaterThan(50);
  const secrets = [planted, 'simulator-client', 'a-195900', 'bulkdata', '/fhir/', system.apiKey, '$set'];
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});
