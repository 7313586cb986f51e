import type { KeyedEndpointId } from '../endpoints/endpoints.ts';
import type { PlantedConnection } from './plant-connection.ts';
import type { RequestOptions } from './start-api.ts';

interface EndpointCall extends RequestOptions {
  readonly path: string;
}
/** How a test calls an endpoint, and what scope the endpoint has. */
export interface EndpointRequest {
  /** A request for data of another connection. */
  readonly toRequest: (connection: PlantedConnection) => EndpointCall;
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
  getSession: { toRequest: () => ({ path: '/session' }), answer: 'open' },
  listProviders: { toRequest: () => ({ path: '/providers' }), answer: 'open' },
  listConnections: { toRequest: () => ({ path: '/connections' }), answer: 'filtered' },
  getConnection: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'unknown-connection',
  },
  listWatermarks: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/watermarks` }),
    answer: 'unknown-connection',
  },
  renameConnection: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}`, body: { name: 'Renamed' } }),
    answer: 'operators',
  },
  createConnection: {
    // The connection that was planted is for the same server.
    toRequest: () => ({
      path: '/connections',
      body: { provider: 'athenahealth', auth: { method: 'none' }, force: true },
    }),
    answer: 'operators',
  },
  testDraft: {
    toRequest: () => ({ path: '/connections/test', body: { provider: 'athenahealth', auth: { method: 'none' } } }),
    answer: 'operators',
  },
  deleteConnection: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'operators',
  },
  countConnectionData: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/data` }),
    answer: 'operators',
  },
  countPatientData: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1/data` }),
    answer: 'operators',
  },
  erasePatient: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1` }),
    answer: 'operators',
  },
  letPatientIn: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/kept-out-patients/p1` }),
    answer: 'operators',
  },
  listErasures: { toRequest: () => ({ path: '/erasures' }), answer: 'operators' },
  getErasure: { toRequest: () => ({ path: '/erasures/erase_none' }), answer: 'operators' },
  listRetention: { toRequest: () => ({ path: '/retention' }), answer: 'operators' },
  getCapabilities: { toRequest: withConnection(`${athena}/capabilities`), answer: 'unknown-connection' },
  startBulkExport: {
    toRequest: ({ connectionId }) => ({ path: `${athena}/bulk-export`, body: { connectionId } }),
    answer: 'unknown-connection',
  },
  listBulkExports: { toRequest: () => ({ path: `${athena}/bulk-export?limit=1000` }), answer: 'filtered' },
  watchBulkExports: { toRequest: () => ({ path: `${athena}/bulk-export/events` }), answer: 'filtered' },
  watchBulkExport: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/events` }),
    answer: 'unknown-export',
  },
  getBulkExport: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  cancelBulkExport: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  retryBulkExport: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/retry` }),
    answer: 'unknown-export',
  },
  listOutputFiles: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/files` }),
    answer: 'unknown-export',
  },
  listExportEvents: {
    toRequest: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/log` }),
    answer: 'unknown-export',
  },
  listSyncEvents: {
    toRequest: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/log` }),
    answer: 'unknown-run',
  },
  startEnhancedSync: {
    toRequest: ({ connectionId }) => ({
      path: `${athena}/enhanced-sync`,
      body: { connectionId },
      headers: { prefer: 'respond-async' },
    }),
    answer: 'unknown-connection',
  },
  listSyncRuns: { toRequest: withConnection(`${athena}/sync-runs`), answer: 'unknown-connection' },
  getSyncRun: {
    toRequest: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  watchSyncRun: {
    toRequest: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/events` }),
    answer: 'unknown-run',
  },
  cancelSyncRun: {
    toRequest: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  retrySyncRun: {
    toRequest: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/retry` }),
    answer: 'unknown-run',
  },
  createSchedule: {
    toRequest: ({ connectionId }) => ({ path: '/schedules', body: { connectionId, ...schedule } }),
    answer: 'unknown-connection',
  },
  listSchedules: { toRequest: () => ({ path: '/schedules?limit=1000' }), answer: 'filtered' },
  getSchedule: {
    toRequest: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  changeSchedule: {
    toRequest: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}`, body: { paused: true } }),
    answer: 'unknown-schedule',
  },
  runSchedule: {
    toRequest: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}/run` }),
    answer: 'unknown-schedule',
  },
  deleteSchedule: {
    toRequest: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  searchResources: { toRequest: withConnection(patients.path), answer: 'unknown-connection' },
  readResource: { toRequest: withConnection(`${patients.path}/p1`), answer: 'unknown-connection' },
  listResourceSources: {
    toRequest: withConnection(`${patients.path}/p1/sources`),
    answer: 'unknown-connection',
  },
  listDocuments: { toRequest: withConnection(`${athena}/documents`), answer: 'unknown-connection' },
  readDocument: {
    toRequest: ({ documentId }) => ({ path: `${athena}/documents/${documentId}` }),
    answer: 'unknown-document',
  },
  getDocument: {
    toRequest: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/metadata` }),
    answer: 'unknown-document',
  },
  retryDocument: {
    toRequest: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/retry` }),
    answer: 'unknown-document',
  },
  listQuarantinedLines: { toRequest: () => ({ path: '/quarantine?limit=1000' }), answer: 'filtered' },
  getQuarantinedLine: { toRequest: ({ lineId }) => ({ path: `/quarantine/${lineId}` }), answer: 'unknown-line' },
  readQuarantinedLine: { toRequest: ({ lineId }) => ({ path: `/quarantine/${lineId}/line` }), answer: 'operators' },
  replayQuarantinedLines: {
    toRequest: ({ exportId }) => ({ path: '/quarantine/replay', body: { exportId } }),
    answer: 'operators',
  },
  // The request of an operator waits a few seconds for a worker, and this test has no worker.
  replayQuarantinedLine: {
    toRequest: ({ lineId }) => ({ path: `/quarantine/${lineId}/replay` }),
    answer: 'operators',
  },
  setWebhook: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook`, body: {} }),
    answer: 'unknown-connection',
  },
  removeWebhook: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook` }),
    answer: 'unknown-connection',
  },
  listWebhookDeliveries: { toRequest: withConnection('/webhook-deliveries'), answer: 'unknown-connection' },
  getWebhookDelivery: {
    toRequest: ({ deliveryId }) => ({ path: `/webhook-deliveries/${deliveryId}` }),
    answer: 'unknown-delivery',
  },
  resendWebhookDelivery: {
    toRequest: ({ deliveryId }) => ({ path: `/webhook-deliveries/${deliveryId}/resend` }),
    answer: 'unknown-delivery',
  },
  testConnection: {
    toRequest: ({ connectionId }) => ({ path: `/connections/${connectionId}/test` }),
    answer: 'unknown-connection',
  },
  authorize: { toRequest: withConnection(`${athena}/authorize`), answer: 'operators' },
  inviteToAuthorize: {
    toRequest: ({ connectionId }) => ({ path: `${athena}/authorize`, body: { connectionId } }),
    answer: 'operators',
  },
  changeCredentials: {
    toRequest: ({ connectionId }) => ({
      path: `/connections/${connectionId}/credentials`,
      body: { auth: { method: 'none' } },
    }),
    answer: 'operators',
  },
  createSigningKey: { toRequest: () => ({ path: '/signing-keys', body: { alg: 'ES384' } }), answer: 'operators' },
  listSigningKeys: { toRequest: () => ({ path: '/signing-keys' }), answer: 'operators' },
  getSigningKey: { toRequest: () => ({ path: '/signing-keys/kid_none' }), answer: 'operators' },
  activateSigningKey: {
    toRequest: () => ({ path: '/signing-keys/kid_none/activate' }),
    answer: 'operators',
  },
  retireSigningKey: { toRequest: () => ({ path: '/signing-keys/kid_none/retire' }), answer: 'operators' },
  deleteSigningKey: { toRequest: () => ({ path: '/signing-keys/kid_none' }), answer: 'operators' },
  createApiKey: {
    toRequest: () => ({ path: '/api-keys', body: { name: 'x', role: 'operator' } }),
    answer: 'operators',
  },
  listRateBudgets: { toRequest: () => ({ path: '/rate-budgets' }), answer: 'filtered' },
  watchRateBudgets: { toRequest: () => ({ path: '/rate-budgets/events' }), answer: 'filtered' },
  listQueues: { toRequest: () => ({ path: '/queues' }), answer: 'operators' },
  getHealthReport: { toRequest: () => ({ path: '/health-report' }), answer: 'operators' },
  getHistory: { toRequest: () => ({ path: '/history' }), answer: 'operators' },
  listAuditEvents: { toRequest: () => ({ path: '/audit-events' }), answer: 'operators' },
  verifyAuditEvents: { toRequest: () => ({ path: '/audit-events/verification' }), answer: 'operators' },
  listApiKeys: { toRequest: () => ({ path: '/api-keys' }), answer: 'operators' },
  getApiKey: { toRequest: () => ({ path: '/api-keys/key_none' }), answer: 'operators' },
  revokeApiKey: { toRequest: () => ({ path: '/api-keys/key_none' }), answer: 'operators' },
};
