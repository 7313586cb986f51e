import { describe, expect, test } from '@jest/globals';
import { type AuditActor, type AuditEvent, auditOutcomes } from './audit-event.record.ts';
import { balpFaults, r4Faults } from './balp-rules.fixture.ts';
import { toFhirAuditEvents } from './fhir-audit-event.ts';

const event: AuditEvent = {
  id: 'evt_0196876b4c00c9477ed4b36076ce74be',
  at: new Date('2026-05-01T10:00:00Z'),
  actor: { kind: 'api-key', id: 'key_1', name: 'reporting', role: 'client' },
  action: 'resource.read',
  target: { provider: 'athenahealth', type: 'Observation', id: 'o1', connectionId: 'conn_1' },
  patients: ['p1'],
  outcome: 'success',
  requestId: '5e4a2b4e-4d6b-4b9e-9b5e-0c8c1b7f2a10',
  address: '10.0.0.7',
  expiresAt: new Date('2032-05-01T10:00:00Z'),
  sequence: 7,
  previousHash: '0'.repeat(64),
  hash: 'a'.repeat(64),
};
// biome-ignore lint/suspicious/noExplicitAny: a test may read any element of the resource.
const map = (change: Partial<AuditEvent>): any[] => toFhirAuditEvents({ ...event, ...change }, { hostName: 'api-1' });
const profileOf = (change: Partial<AuditEvent>) =>
  map(change)[0].meta?.profile[0].replace('https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.', '');

const cases = [
  { action: 'resource.read', profile: 'PatientRead' },
  { action: 'document.describe', patients: ['p1'], profile: 'PatientRead' },
  { action: 'resource.search', parameters: ['code', 'patient'], profile: 'PatientQuery' },
  { action: 'resource.search', patients: ['*'], profile: 'Query' },
  { action: 'document.list', patients: [], target: { connectionId: 'conn_1' }, profile: 'Query' },
  { action: 'quarantine.read', patients: ['*'], target: { id: 'job_1.1.0' }, profile: 'Read' },
  { action: 'export.read', patients: [], target: { provider: 'athenahealth', jobId: 'job_1' }, profile: 'Read' },
  { action: 'export.create', patients: [], target: { connectionId: 'conn_1', jobId: 'job_1' }, profile: 'Create' },
  { action: 'sync.create', patients: ['p1'], target: { id: 'sync_1' }, profile: 'PatientCreate' },
  { action: 'schedule.change', patients: [], target: { id: 'sched_1' }, profile: 'Update' },
  { action: 'connection.change-credentials', patients: [], target: { id: 'conn_1' }, profile: 'Update' },
  { action: 'webhook.remove', patients: [], target: { id: 'conn_1' }, profile: 'Delete' },
  { action: 'audit-event.list', patients: ['p1'], target: {}, profile: 'PatientQuery' },
  { action: 'audit-event.verify', patients: [], target: {}, profile: 'Read' },
  { action: 'export.cancel', patients: [], target: { jobId: 'job_1' }, profile: undefined },
  { action: 'session.login', patients: [], target: {}, profile: undefined },
  { action: 'token.issue', patients: [], target: {}, profile: undefined },
  { action: 'authenticate', patients: [], target: {}, profile: undefined, outcome: 'refused' as const },
  { action: 'command.migrate', patients: [], target: {}, profile: undefined },
];
const actors: readonly AuditActor[] = [
  { kind: 'api-key', id: 'key_1', name: 'reporting', role: 'client' },
  { kind: 'session', id: 'key_2', name: 'an operator', role: 'operator' },
  { kind: 'command', id: 'command:root', name: 'root' },
  { kind: 'nobody', id: 'nobody' },
];

test.each(cases)(
  'maps $action to an AuditEvent that claims profile $profile and conforms to it and to R4',
  ({ profile, ...change }) => {
    expect(profileOf(change)).toBe(profile);
    for (const actor of actors) {
      for (const outcome of auditOutcomes) {
        for (const resource of map({ ...change, actor, outcome })) {
          expect(r4Faults(resource)).toEqual([]);
          expect(balpFaults(resource) ?? []).toEqual([]);
        }
      }
    }
  },
);

test('claims no profile for an AuditEvent that was refused, failed, or has no network address', () => {
  expect(map({ outcome: 'refused', code: 'forbidden' })[0]).toMatchObject({ outcome: '4', outcomeDesc: 'forbidden' });
  expect([profileOf({ outcome: 'refused' }), profileOf({ outcome: 'failed' })]).toEqual([undefined, undefined]);
  const { address: _, ...local } = event;
  expect(toFhirAuditEvents(local, { hostName: 'api-1' })[0]).not.toHaveProperty('meta');
});

test('creates one AuditEvent with its own id for each patient', () => {
  const event = map({ action: 'resource.search', patients: ['p1', 'p2'] });
  expect(event.map(({ id }) => id)).toEqual([
    'evt-0196876b4c00c9477ed4b36076ce74be',
    'evt-0196876b4c00c9477ed4b36076ce74be.1',
  ]);
  const people = event.map(({ entity }) => entity[1].what.reference);
  expect(people).toEqual(['Patient/p1', 'Patient/p2']);
  expect(map({ patients: Array.from({ length: 1000 }, (_, n) => `p${n}`) }).flatMap(r4Faults)).toEqual([]);
});

test('records user, client, resource, request and chain position in an AuditEvent', () => {
  const [resource] = map({ actor: { kind: 'session', id: 'key_2', name: 'an operator', role: 'operator' } });
  expect(resource.agent).toMatchObject([
    { who: { display: 'browser' }, requestor: false, network: { address: '10.0.0.7', type: '2' } },
    { who: { display: 'bulkhead' }, requestor: false, network: { address: 'api-1', type: '1' } },
    { who: { identifier: { value: 'key_2' } }, name: 'an operator', requestor: true },
  ]);
  expect(resource.entity).toMatchObject([
    { what: { reference: 'Observation/o1' } },
    { what: { reference: 'Patient/p1' } },
    { what: { identifier: { value: event.requestId } } },
    {
      what: { identifier: { value: event.id } },
      detail: expect.arrayContaining([
        { type: 'connectionId', valueString: 'conn_1' },
        { type: 'sequence', valueString: '7' },
        { type: 'hash', valueString: event.hash },
      ]),
    },
  ]);
});

test('puts the names of query parameters into an AuditEvent, but not their values', () => {
  const [{ entity }] = map({
    action: 'resource.search',
    parameters: ['code', 'patient'],
    target: { type: 'Observation' },
  });
  expect(entity[0].description).toBe('Observation?code&patient');
  expect(Buffer.from(entity[0].query, 'base64').toString()).toBe('Observation?code&patient');
});

describe('the BALP rules of these tests', () => {
  const [good] = map({});
  test.each([
    { what: 'another action', bad: { ...good, action: 'U' } },
    { what: 'no success', bad: { ...good, outcome: '8' } },
    { what: 'no server', bad: { ...good, agent: good.agent.slice(0, 1) } },
    {
      what: 'a client without a network',
      bad: { ...good, agent: [{ ...good.agent[0], network: undefined }, good.agent[1]] },
    },
    { what: 'no patient', bad: { ...good, entity: good.entity.slice(0, 1) } },
    { what: 'two patients', bad: { ...good, entity: [...good.entity, good.entity[1]] } },
    { what: 'no data', bad: { ...good, entity: good.entity.slice(1) } },
    { what: 'another profile', bad: { ...good, meta: { profile: [good.meta.profile[0].replace('Read', 'Query')] } } },
  ])('the BALP rules detect $what', ({ bad }) => {
    expect(balpFaults(good)).toEqual([]);
    expect(balpFaults(bad)).not.toEqual([]);
  });
});
