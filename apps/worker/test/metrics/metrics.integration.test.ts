import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const planted = 'planted-8d1f';
const system = await startSystem({ simulator: { patients: 5 } });
const worker = await system.startWorker();
// This line is unusable, so it is quarantined.
await system.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1, with: planted });
const resourceTypes = ['Patient', 'Condition', 'DocumentReference'];
const { counts } = await system.settled(await system.startExport({ resourceTypes }));
await system.settled(await system.startExport({ resourceTypes }));
const filter = { connectionId: system.connectionId };
await waitFor(
  async () => {
    const documents = await system.store.documents.list({ filter, limit: 100 });
    return documents.length > 0 && documents.every(({ state }) => state === 'stored');
  },
  { timeoutMs: 60_000, what: 'the last document' },
);
const page = await waitFor(async () => {
  const text = await worker.readMetrics();
  // The export ends shortly before the job that ends it.
  const finalized = sampleOf(text, 'bulkhead_job_duration_seconds_count', { job_name: 'export.finalize' });
  const sweptAt = sampleOf(text, 'bulkhead_sweep_last_success_timestamp_seconds');
  return finalized === 2 && sweptAt > 0 ? text : undefined;
});
afterAll(() => system.stop());

/** The sum of a metric's samples that have these labels. */
function sampleOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const wantedLabels = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return samples
    .filter((line) => wantedLabels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
const value = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  sampleOf(page, `bulkhead_${name}`, labels);

test('the metrics of a worker count each resource once, by its outcome', () => {
  const outcome = (of: string) => value('resources_total', { outcome: of });
  // The second export receives the line intact and finds everything else unchanged.
  expect(outcome('written')).toBe(counts.stored + 1);
  expect(outcome('unchanged')).toBe(counts.stored);
  expect(outcome('quarantined')).toBe(1);
  expect(value('resources_total', { resource_type: 'Patient', outcome: 'written' })).toBe(5);
});

test('the metrics of a worker count and time jobs', () => {
  const jobs = (labels: Record<string, string>) => value('job_duration_seconds_count', labels);
  // The sweep can enqueue a file whose job has just ended. The second job finds it stored and requests nothing (see below).
  const downloads = jobs({ queue: 'file-download', job_name: 'file.download', outcome: 'completed' });
  expect(downloads).toBeGreaterThanOrEqual(2 * counts.files);
  expect(jobs({ job_name: 'export.finalize', outcome: 'completed' })).toBe(2);
  expect(jobs({ outcome: 'failed' })).toBe(0);
  expect(value('job_duration_seconds_sum', { job_name: 'file.download' })).toBeGreaterThan(0);
});

test('the metrics of a worker count the requests to the EHR and what it sent', () => {
  const requests = (labels: Record<string, string>) => value('ehr_request_duration_seconds_count', labels);
  expect(requests({ provider: 'athenahealth', kind: 'kick-off', status: '2xx' })).toBeGreaterThanOrEqual(2);
  expect(requests({ kind: 'download', status: '2xx' })).toBe(2 * counts.files);
  expect(requests({ kind: 'token', status: '2xx' })).toBe(1);
  expect(value('ehr_tokens_total', { outcome: 'renewed' })).toBe(1);
  expect(value('ehr_received_bytes_total', { kind: 'download' })).toBeGreaterThan(1000);
  expect(value('documents_total', { outcome: 'stored' })).toBeGreaterThan(0);
});

test('the metrics of a worker show the waits for the limiter and the use of each budget', () => {
  expect(value('ehr_limiter_wait_seconds_count', { kind: 'download' })).toBe(2 * counts.files);
  const requests = ['interactive', 'poll', 'kick-off', 'download', 'crawl'].map((kind) =>
    value('ehr_request_duration_seconds_count', { kind }),
  );
  const sum = requests.reduce((left, right) => left + right, 0);
  const used = value('ehr_budget_used_ratio', { budget: 'athenahealth.production', period: 'day' });
  expect(Math.round(used * 100_000)).toBeGreaterThanOrEqual(sum);
  expect(page).toContain('bulkhead_ehr_budget_paused_seconds{budget="athenahealth.production"} 0');
});

test('the metrics contain nothing about a patient, an address, a client or an error', async () => {
  const everything = page + (await system.readMetrics());
  const secrets = [planted, 'simulator-client', 'a-195900', 'http://', '127.0.0.1', '/fhir/', 'job_0', system.apiKey];
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  // A connection's id is a label of only one metric, and the API exposes it.
  expect(page).not.toContain(system.connectionId);
});

test('the metrics of the API show the work of all workers', async () => {
  const text = await system.readMetrics();
  expect(sampleOf(text, 'bulkhead_exports', { phase: 'completed' })).toBe(2);
  expect(sampleOf(text, 'bulkhead_queue_workers', { queue: 'file-download' })).toBe(1);
  // Only connections that are behind are labels.
  expect(text).not.toContain(system.connectionId);
  expect(sampleOf(text, 'bulkhead_scheduled_connections', { fresh: 'false' })).toBe(0);
});
