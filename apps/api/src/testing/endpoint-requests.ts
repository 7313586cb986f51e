import type { KeyedEndpointId } from '../endpoints/endpoints.ts';
import type { PlantedConnection } from './plant-connection.ts';
import type { RequestOptions } from './start-api.ts';

interface Ask extends RequestOptions {
  readonly path: string;
}
/** How a test calls an endpoint, and what scope the endpoint has. */
export interface EndpointRequest {
  /** A request for data of another connection. */
  readonly ask: (connection: PlantedConnection) => Ask;
  /** The expected response. `filtered`: without data of the other connection. `open`: the response never has data of a connection. */
  readonly answer: 'filtered' | 'open' | 'operators' | string;
}

const athena = '/athenahealth';
const patients = { path: `${athena}/resources/Patient` };
const withConnection = (path: string) => (connection: PlantedConnection) => ({
  path: `${path}?connectionId=${connection.connectionId}`,
});
const schedule = { kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };

/** A request to each endpoint that needs a key. A missing endpoint does not compile. */
export const endpointRequests: Readonly<Record<KeyedEndpointId, EndpointRequest>> = {
  getSession: { ask: () => ({ path: '/session' }), answer: 'open' },
  listProviders: { ask: () => ({ path: '/providers' }), answer: 'open' },
  listConnections: { ask: () => ({ path: '/connections' }), answer: 'filtered' },
  getConnection: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'unknown-connection',
  },
  listWatermarks: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/watermarks` }),
    answer: 'unknown-connection',
  },
  createConnection: {
    ask: () => ({ path: '/connections', body: { provider: 'athenahealth', auth: { method: 'none' } } }),
    answer: 'operators',
  },
  deleteConnection: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'operators',
  },
  countConnectionData: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/data` }),
    answer: 'operators',
  },
  countPatientData: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1/data` }),
    answer: 'operators',
  },
  erasePatient: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1` }),
    answer: 'operators',
  },
  letPatientIn: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/kept-out-patients/p1` }),
    answer: 'operators',
  },
  listErasures: { ask: () => ({ path: '/erasures' }), answer: 'operators' },
  getErasure: { ask: () => ({ path: '/erasures/erase_none' }), answer: 'operators' },
  listRetention: { ask: () => ({ path: '/retention' }), answer: 'operators' },
  getCapabilities: { ask: withConnection(`${athena}/capabilities`), answer: 'unknown-connection' },
  startBulkExport: {
    ask: ({ connectionId }) => ({ path: `${athena}/bulk-export`, body: { connectionId } }),
    answer: 'unknown-connection',
  },
  listBulkExports: { ask: () => ({ path: `${athena}/bulk-export?limit=1000` }), answer: 'filtered' },
  watchBulkExports: { ask: () => ({ path: `${athena}/bulk-export/events` }), answer: 'filtered' },
  watchBulkExport: {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/events` }),
    answer: 'unknown-export',
  },
  getBulkExport: {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  cancelBulkExport: {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  retryBulkExport: {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/retry` }),
    answer: 'unknown-export',
  },
  listOutputFiles: {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/files` }),
    answer: 'unknown-export',
  },
  startEnhancedSync: {
    ask: ({ connectionId }) => ({
      path: `${athena}/enhanced-sync`,
      body: { connectionId },
      headers: { prefer: 'respond-async' },
    }),
    answer: 'unknown-connection',
  },
  listSyncRuns: { ask: withConnection(`${athena}/sync-runs`), answer: 'unknown-connection' },
  getSyncRun: {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  watchSyncRun: {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/events` }),
    answer: 'unknown-run',
  },
  cancelSyncRun: {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  retrySyncRun: {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/retry` }),
    answer: 'unknown-run',
  },
  createSchedule: {
    ask: ({ connectionId }) => ({ path: '/schedules', body: { connectionId, ...schedule } }),
    answer: 'unknown-connection',
  },
  listSchedules: { ask: () => ({ path: '/schedules?limit=1000' }), answer: 'filtered' },
  getSchedule: {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  changeSchedule: {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}`, body: { paused: true } }),
    answer: 'unknown-schedule',
  },
  runSchedule: {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}/run` }),
    answer: 'unknown-schedule',
  },
  deleteSchedule: {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  searchResources: { ask: withConnection(patients.path), answer: 'unknown-connection' },
  readResource: { ask: withConnection(`${patients.path}/p1`), answer: 'unknown-connection' },
  listResourceSources: {
    ask: withConnection(`${patients.path}/p1/sources`),
    answer: 'unknown-connection',
  },
  listDocuments: { ask: withConnection(`${athena}/documents`), answer: 'unknown-connection' },
  readDocument: {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}` }),
    answer: 'unknown-document',
  },
  getDocument: {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/metadata` }),
    answer: 'unknown-document',
  },
  retryDocument: {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/retry` }),
    answer: 'unknown-document',
  },
  listQuarantinedLines: { ask: () => ({ path: '/quarantine?limit=1000' }), answer: 'filtered' },
  getQuarantinedLine: { ask: ({ lineId }) => ({ path: `/quarantine/${lineId}` }), answer: 'unknown-line' },
  readQuarantinedLine: { ask: ({ lineId }) => ({ path: `/quarantine/${lineId}/line` }), answer: 'operators' },
  replayQuarantinedLines: {
    ask: ({ exportId }) => ({ path: '/quarantine/replay', body: { exportId } }),
    answer: 'operators',
  },
  // The request of an operator waits a few seconds for a worker, and this test has no worker.
  replayQuarantinedLine: {
    ask: ({ lineId }) => ({ path: `/quarantine/${lineId}/replay` }),
    answer: 'operators',
  },
  setWebhook: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook`, body: {} }),
    answer: 'unknown-connection',
  },
  removeWebhook: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook` }),
    answer: 'unknown-connection',
  },
  listWebhookDeliveries: { ask: withConnection('/webhook-deliveries'), answer: 'unknown-connection' },
  resendWebhookDelivery: {
    ask: ({ deliveryId }) => ({ path: `/webhook-deliveries/${deliveryId}/resend` }),
    answer: 'unknown-delivery',
  },
  testConnection: {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/test` }),
    answer: 'unknown-connection',
  },
  authorize: { ask: withConnection(`${athena}/authorize`), answer: 'operators' },
  inviteToAuthorize: {
    ask: ({ connectionId }) => ({ path: `${athena}/authorize`, body: { connectionId } }),
    answer: 'operators',
  },
  changeCredentials: {
    ask: ({ connectionId }) => ({
      path: `/connections/${connectionId}/credentials`,
      body: { auth: { method: 'none' } },
    }),
    answer: 'operators',
  },
  createSigningKey: { ask: () => ({ path: '/signing-keys', body: { alg: 'ES384' } }), answer: 'operators' },
  listSigningKeys: { ask: () => ({ path: '/signing-keys' }), answer: 'operators' },
  activateSigningKey: {
    ask: () => ({ path: '/signing-keys/kid_none/activate' }),
    answer: 'operators',
  },
  retireSigningKey: { ask: () => ({ path: '/signing-keys/kid_none/retire' }), answer: 'operators' },
  deleteSigningKey: { ask: () => ({ path: '/signing-keys/kid_none' }), answer: 'operators' },
  createApiKey: { ask: () => ({ path: '/api-keys', body: { name: 'x', role: 'operator' } }), answer: 'operators' },
  listRateBudgets: { ask: () => ({ path: '/rate-budgets' }), answer: 'filtered' },
  watchRateBudgets: { ask: () => ({ path: '/rate-budgets/events' }), answer: 'filtered' },
  listQueues: { ask: () => ({ path: '/queues' }), answer: 'operators' },
  diagnose: { ask: () => ({ path: '/diagnosis' }), answer: 'operators' },
  listAuditEvents: { ask: () => ({ path: '/audit-events' }), answer: 'operators' },
  verifyAuditEvents: { ask: () => ({ path: '/audit-events/verification' }), answer: 'operators' },
  listApiKeys: { ask: () => ({ path: '/api-keys' }), answer: 'operators' },
  revokeApiKey: { ask: () => ({ path: '/api-keys/key_none' }), answer: 'operators' },
};
