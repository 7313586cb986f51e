import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { anyPhase, redisServer, startOwnServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { plantConnection } from '../../testing/plant-connection.ts';
import { startApi } from '../../testing/start-api.ts';

const token = 'prometheus-0123456789';

const api = await startApi({ env: { METRICS_TOKEN: token } });
afterAll(() => api.stop());

const getMetrics = (authorization: string | null, of = api) => of.request('GET', '/metrics', { authorization });

/** Sets a watermark as a completed export does. */
function advance(mark: { readonly connectionId: string; readonly resourceType: string; readonly hoursAgo: number }) {
  const { hoursAgo, ...fields } = mark;
  const at = new Date(Date.now() - hoursAgo * 3_600_000);
  const watermark = { ...fields, exportType: 'Patient' as const, at, deletionsAt: at };
  return api.store.watermarks.advance({
    ...watermark,
    transactionTime: at.toISOString(),
    coverage: {},
    exportId: 'job_1',
  });
}

test('the metrics are available with the token and with keys of operators', async () => {
  for (const authorization of [`Bearer ${token}`, `Bearer ${api.operatorKey}`]) {
    const { status, headers, text } = await getMetrics(authorization);
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0.0.4/)]);
    expect(text).toContain('bulkhead_ready 1');
  }
});

test.each([
  { what: 'without a key', authorization: () => null, status: 401 },
  { what: 'with another token', authorization: () => 'Bearer prometheus-9876543210', status: 401 },
  { what: 'with a client’s key', authorization: () => `Bearer ${api.clientKey}`, status: 403 },
])('the metrics are refused $what', async ({ authorization, status }) => {
  const answer = await getMetrics(authorization());
  expect([answer.status, answer.text.includes('bulkhead_')]).toEqual([status, false]);
});

test('the token of the metrics gives no access to other addresses', async () => {
  const { status } = await api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${token}` });
  expect(status).toBe(401);
});

test('the metrics need the key of an operator if no token is set', async () => {
  await using otherApi = await startApi();
  expect((await getMetrics(`Bearer ${token}`, otherApi)).status).toBe(401);
  expect((await getMetrics('Bearer undefined', otherApi)).status).toBe(401);
  expect((await getMetrics(`Bearer ${otherApi.operatorKey}`, otherApi)).status).toBe(200);
});

test('the metrics count requests by route, without values from addresses', async () => {
  const planted = 'planted-8d1f';
  await api.request('GET', `/api/ehr/connections/conn_${planted}?name=${planted}`);
  // Unknown addresses share one label, because clients could otherwise create any number of labels.
  await api.request('GET', `/API/ehr/connections/conn_${planted}`);
  await api.request('GET', `/nowhere/${planted}`);
  const { text } = await getMetrics(`Bearer ${token}`);
  const count = (labels: string) => `bulkhead_http_request_duration_seconds_count{${labels}}`;
  expect(text).toContain(`${count('method="GET",route="/api/ehr/connections/:id",status="4xx"')} 1`);
  expect(text).toContain(`${count('method="GET",route="none",status="4xx"')} `);
  expect(text).not.toContain(planted);
});

test('the metrics show the queues, the runs of the last day, and the connections that are behind', async () => {
  const { connectionId } = await plantConnection(api.store);
  const otherConnection = await plantConnection(api.store);
  const now = new Date();
  for (const [index, hoursAgo] of [1, 30].entries()) {
    const record = makeBulkExport({ connectionId });
    await api.store.bulkExports.insert({ record, requestKey: `metrics-${index}` });
    const completedAt = new Date(now.getTime() - hoursAgo * 3_600_000);
    await api.store.bulkExports.transition({ from: anyPhase(record), to: 'failed', change: { completedAt } });
  }
  const running = makeBulkExport({ connectionId, phase: 'exporting' });
  await api.store.bulkExports.insert({ record: running, requestKey: 'metrics' });
  await advance({ connectionId, resourceType: '*', hoursAgo: 2 });

  // Values are cached for a few seconds.
  await using newApi = await startApi({ env: api.env });
  await newApi.request('GET', '/api/ehr/health-report?fresh=true', { authorization: `Bearer ${api.operatorKey}` });
  const { text } = await getMetrics(`Bearer ${token}`, newApi);
  expect(text).toContain('bulkhead_queue_jobs{queue="bulk-export",state="waiting"} 0');
  expect(text).toContain('bulkhead_queue_oldest_job_age_seconds{queue="sync"} 0');
  expect(text).toContain('bulkhead_queue_workers{queue="sync"} 0');
  expect(text).toMatch(/bulkhead_exports\{phase="failed"\} \d/);
  expect(text).toContain('bulkhead_sync_runs{phase="running"} 0');
  expect(text).toContain('bulkhead_exports{phase="exporting"} 1');
  // The schedule exports all types. The lag of a connection that is not behind is no label.
  expect(text).not.toContain(`connection_lag_seconds{connection_id="${connectionId}"}`);
  // Nothing was ever exported, so the lag counts from the creation of the schedule.
  const lag = new RegExp(`connection_lag_seconds\\{connection_id="${otherConnection.connectionId}"\\} (\\d+)`).exec(
    text,
  )?.[1];
  const sinceCreation = (now.getTime() - Date.parse('2026-05-01T10:00:00Z')) / 1000;
  expect(Math.abs(Number(lag) - sinceCreation)).toBeLessThan(3600);
  expect(text).toContain('bulkhead_scheduled_connections{fresh="true"} 1');
  expect(text).toMatch(/bulkhead_health_problem\{check="lag",problem="lag",practice="[^"]+"\} 1/);
});

test('the metrics are available while Redis is unavailable, without its values, and report the outage', async () => {
  await using redis = await startOwnServer(redisServer);
  await using otherApi = await startApi({ env: { REDIS_URL: redis.url, METRICS_TOKEN: token } });
  await redis.kill();
  const text = await waitFor(async () => {
    const answer = await getMetrics(`Bearer ${token}`, otherApi);
    return answer.text.includes('bulkhead_dependency_up{dependency="redis"} 0') ? answer.text : undefined;
  });
  expect(text).toContain('bulkhead_dependency_up{dependency="mongodb"} 1');
  expect(text).toContain('bulkhead_ready 0');
  expect(text).toContain('bulkhead_exports{phase="failed"} 0');
  expect(text).not.toContain('bulkhead_queue_jobs{');
});
