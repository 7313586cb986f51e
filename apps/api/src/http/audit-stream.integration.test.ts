import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { programOf, runApp, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

/** Starts a syslog server over TCP. `await using` stops it at the end of a test. */
async function startSyslog(port = 0) {
  const sockets = new Set<Socket>();
  let text = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  // Only the JSON part of a message contains braces.
  // biome-ignore lint/suspicious/noExplicitAny: a test may read any field of a line.
  const values = (): any[] => [...text.matchAll(/ - (\{.*?\})(?=\d+ <|$)/gs)].map(([, json = '']) => JSON.parse(json));
  return { port: (server.address() as AddressInfo).port, text: () => text, values, stop, [Symbol.asyncDispose]: stop };
}

test('audit events are sent off the host at once, with all fields that their hash covers', async () => {
  await using syslog = await startSyslog();
  await using api = await startApi({ env: { BULKHEAD_AUDIT_STREAM: `syslog+tcp://127.0.0.1:${syslog.port}` } });
  const { connectionId } = await plantConnection(api.store);
  const path = `/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}&_id=p1`;
  await api.request('GET', path);
  await api.request('GET', '/api/ehr/audit-events');
  await waitFor(() => syslog.values().length === 2, { what: 'both lines' });
  const [{ auditEvent: first }, { auditEvent: second }] = syslog.values() as [
    { auditEvent: Record<string, unknown> },
    { auditEvent: Record<string, unknown> },
  ];
  expect(first).toMatchObject({ action: 'resource.search', patients: ['p1'], parameters: ['_id'], sequence: 1 });
  expect(second).toMatchObject({ action: 'audit-event.list', sequence: 2, previousHash: first.hash });
  // Computed as the documentation says: SHA-256 over the JSON with sorted names and without the hash.
  const { hash, ...fields } = first;
  const sorted = (value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        );
  expect(
    createHash('sha256')
      .update(JSON.stringify(sorted(fields)))
      .digest('hex'),
  ).toBe(hash);
  const page = (await api.request('GET', '/metrics')).text;
  expect(page).toContain('bulkhead_audit_lines_total{result="sent"}');
});

test('audit events are sent off the host as FHIR AuditEvents, one for each patient', async () => {
  await using syslog = await startSyslog();
  const env = { BULKHEAD_AUDIT_STREAM: `syslog+tcp://127.0.0.1:${syslog.port}`, BULKHEAD_AUDIT_FORMAT: 'fhir' };
  await using api = await startApi({ env });
  const { connectionId } = await plantConnection(api.store);
  await api.request('GET', `/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}&_id=p1,p2`);
  await waitFor(() => syslog.values().length === 2, { what: 'both resources' });
  expect(syslog.values()).toMatchObject(
    ['p1', 'p2'].map((patient) => ({
      resourceType: 'AuditEvent',
      meta: { profile: ['https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery'] },
      entity: [{ description: 'Patient?_id' }, { what: { reference: `Patient/${patient}` } }, {}, {}],
    })),
  );
  expect(syslog.text()).toMatch(/^\d+ <85>1 /);
});

test('requests are audited and answered while the syslog server is unavailable, and their events are sent when it is back', async () => {
  await using syslog = await startSyslog();
  await syslog.stop();
  await using api = await startApi({ env: { BULKHEAD_AUDIT_STREAM: `syslog+tcp://127.0.0.1:${syslog.port}` } });
  for (let n = 0; n < 5; n++) {
    expect((await api.request('GET', '/api/ehr/audit-events')).status).toBe(200);
  }
  expect(await api.store.auditEvents.list({ filter: {}, limit: 10 })).toHaveLength(5);
  await using back = await startSyslog(syslog.port);
  await waitFor(() => back.values().length === 5, { what: 'every line' });
  expect(back.values().map(({ auditEvent }) => auditEvent.sequence)).toEqual([1, 2, 3, 4, 5]);
});

test('audit events of a command are sent off the host too, apart from its result', async () => {
  await using api = await startApi();
  const program = programOf('api', 'create-api-key');
  const env = { ...api.env, BULKHEAD_AUDIT_STREAM: 'stdout' };
  const { stdout, stderr } = await runApp({ program, env, args: ['--name', 'by command'] });
  expect(stdout).not.toContain('auditEvent');
  const line = stderr.split('\n').find((text) => text.startsWith('{"auditEvent"')) ?? '';
  expect(JSON.parse(line).auditEvent).toMatchObject({ action: 'command.create-api-key', outcome: 'success' });
});
