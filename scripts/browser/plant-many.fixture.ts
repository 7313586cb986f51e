import { makeBulkExport } from '@bulkhead/imports/export/testing';
import type { Store } from '@bulkhead/system';

const hourMs = 3_600_000;
const connections = 300;
const receivers = 50;
const exports = 500;
const lines = 300;

export const planted = { connections, receivers, exports, lines } as const;

const digits = (n: number) => String(n).padStart(4, '0');
const idOf = (n: number) => `conn_many_${digits(n)}`;

/**
 * What a hospital has after a night in which the client secret was changed: 300 connections whose exports failed for one cause, of which
 * three are behind for another one, 500 exports, 50 receivers that do not accept their calls, and 300 lines with one reason.
 */
export async function plantMany(store: Store): Promise<void> {
  const now = Date.now();
  const ago = (hours: number) => new Date(now - hours * hourMs);
  const error = { code: 'token-refused' as const, message: 'The EHR refused the client secret. Update it.' };
  for (let n = 0; n < connections; n++) {
    const id = idOf(n);
    await store.connections.insert({
      id,
      name: `Practice ${digits(n)}`,
      provider: 'athenahealth',
      environment: 'production',
      fhirEndpoint: `https://ehr.example/${n}`,
      practiceId: String(190_000 + n),
      createdAt: ago(2000),
      auth: { method: 'client_credentials', clientId: 'the-client', clientSecret: 'secret', scope: 'system/*.read' },
    });
    const test = { id: 't', endedAt: ago(1 + n / 1000), ok: true, steps: [] };
    const step = { step: 'token' as const, ok: false, durationMs: 3, ...error };
    await store.connections.saveTest({ id, test: isHealthy(n) ? test : { ...test, ok: false, steps: [step] } });
    await store.schedules.insert({
      id: `sched_many_${digits(n)}`,
      connectionId: id,
      provider: 'athenahealth',
      kind: 'export',
      request: {},
      cron: '0 2 * * *',
      timeZone: 'America/New_York',
      spreadMs: n * 1000,
      paused: false,
      version: 1,
      nextRunAt: new Date(now + 10 * hourMs + n * 1000),
      createdAt: isBehind(n) ? ago(60) : ago(10),
    });
  }
  for (let n = 0; n < exports; n++) {
    const [connection, id] = [n % connections, `job_0many_${digits(n)}`];
    const hasFailed = n < connections && !isHealthy(connection);
    const completedAt = ago(2 + n / 100);
    const record = makeBulkExport({
      id,
      connectionId: idOf(connection),
      provider: 'athenahealth',
      createdAt: ago(5 + n / 100),
      completedAt,
      ...(hasFailed ? { phase: 'failed', error } : { phase: 'completed' }),
    });
    // The newest export of a connection has the largest id.
    const later = { ...record, id: `job_${n < connections ? '1' : '0'}many_${digits(n)}` };
    await store.bulkExports.insert({ record: later, requestKey: id });
  }
  for (let n = 0; n < receivers; n++) {
    // The workers repeat the pending calls. No receiver has this name.
    await store.connections.saveWebhook({ id: idOf(n), url: `https://client.invalid/${n}`, secret: 'whsec_c2VjcmV0' });
    for (const state of ['pending', 'failed'] as const)
      await store.webhookDeliveries.insertMissing({
        id: `job_many_${digits(n)}.${state}`,
        connectionId: idOf(n),
        url: `https://client.invalid/${n}`,
        state,
        type: 'bulk-export.failed',
        body: '{}',
        createdAt: ago(3),
        attempts: Array.from({ length: 8 }, (_, index) => ({ at: ago(3 - index / 4), status: 503 })),
      });
  }
  const exportId = `job_1many_${digits(7)}`;
  const bytes = Buffer.from('{"resourceType":');
  await store.quarantine.put({
    now: ago(1),
    lines: Array.from({ length: lines }, (_, n) => ({
      connectionId: idOf(7),
      runId: exportId,
      fileId: `${exportId}.1`,
      line: n + 1,
      offset: n * 20,
      reason: 'invalid-json',
      resourceType: 'Observation',
      bytes,
      sizeBytes: bytes.length,
    })),
  });
}

/** Connections whose credentials work: so that the list has more than one kind. */
function isHealthy(n: number): boolean {
  return n >= connections - 60;
}

/** Three of those that are healthy. */
function isBehind(n: number): boolean {
  return n >= connections - 3;
}
