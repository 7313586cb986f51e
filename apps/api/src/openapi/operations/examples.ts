import { at, connectionId, later } from '../../endpoints/example-values.ts';

export const rateBudgetExample = {
  name: 'athenahealth.production',
  provider: 'athenahealth',
  environment: 'production',
  connectionIds: [connectionId],
  window: { used: 9, limit: 16, windowMs: 2000 },
  minute: { used: 301, limit: 480 },
  day: { used: 48_211, limit: 100_000 },
  pausedMs: 4200,
  pauseReason: '429 Too Many Requests',
  slowMs: 64_200,
  waiting: { interactive: 0, poll: 1, 'kick-off': 0, download: 2, crawl: 0 },
};

export const queueExample = {
  queue: 'bulk-export',
  jobs: { waiting: 3, active: 4, delayed: 1, 'waiting-children': 1, failed: 0 },
  oldestSeconds: 12,
  workers: 2,
};

export const apiKeyExample = {
  id: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  prefix: 'bulkhead_0000',
  connectionIds: [connectionId],
  createdAt: at,
  expiresAt: '2027-02-22T18:05:17.511Z',
};

export const sessionExample = {
  apiKeyId: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  connectionIds: [connectionId],
  via: 'session',
  expiresAt: '2026-11-25T02:05:17.511Z',
};

const previousHash = '5f0c4f4e0d2a2b7a9f0c7c1c9a2e5f6c7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d';
const auditHash = '8c6f1d0a7e4b3c2d1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a';
const expiresAt = '2032-05-02T10:00:00.000Z';

export const auditEventExample = {
  id: 'evt_0196876b4c00c9477ed4b36076ce74be',
  at,
  actor: { kind: 'api-key', id: 'key_01a20ebbc9477ed4b36076ce74bec9ba', name: 'reporting', role: 'client' },
  action: 'resource.search',
  target: { provider: 'athenahealth', type: 'Observation', connectionId },
  patients: ['a-195900.E-1'],
  parameters: ['category', 'patient'],
  outcome: 'success',
  requestId: '5e4a2b4e-4d6b-4b9e-9b5e-0c8c1b7f2a10',
  address: '10.0.0.7',
  expiresAt,
  sequence: 4711,
  previousHash,
  previousExpiresAt: expiresAt,
  hash: auditHash,
};

export const auditCheckExample = {
  checked: 4711,
  isIntact: true,
  oldest: { sequence: 1, hash: previousHash, at },
  last: { sequence: 4711, hash: auditHash, at },
};

const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

export const signingKeyExample = { kid, alg: 'ES384', state: 'published', createdAt: at };

export const jwksExample = { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid, x: '…', y: '…' }] };

export const diagnosisExample = [
  { name: 'redis', state: 'ok', found: 'it answers, evicts nothing and keeps its queues' },
  {
    name: 'workers',
    state: 'failed',
    found: 'nobody serves document',
    whatToDo: 'Start a worker, or add the queues to its WORKER_QUEUES.',
  },
];

export const amountsExample = {
  resources: { Patient: 1, Observation: 214, DocumentReference: 3 },
  records: { documents: 3, documentContents: 3, quarantinedLines: 1, crawlMarks: 1 },
  contentBytes: 481_220,
};

export const erasureExample = {
  id: 'erase_01a20ebbc9477ed4b36076ce74bec9ba',
  kind: 'patient',
  connectionId,
  patientId: 'a-195900.E-14865',
  keepsOut: true,
  phase: 'running',
  found: amountsExample,
  deleted: { resources: { Patient: 1 }, records: {}, contentBytes: 0 },
  warnings: [],
  requestedBy: 'operations',
  createdAt: later,
  startedAt: later,
};

export const retentionExample = {
  kind: 'bulk-export',
  startedAt: later,
  endedAt: later,
  deleted: 12,
  keptDays: 90,
};
