import { endpoints, type KeyedEndpointId } from './all-endpoints.ts';
import type { PlantedConnection } from './plant-connection.ts';
import type { RequestOptions } from './start-api.ts';

/** How a test calls an endpoint, and what scope the endpoint has. The path and the body name ids of a connection like `{exportId}`. */
interface EndpointRequest extends RequestOptions {
  readonly path: string;
  /** The expected response. `filtered`: without data of the other connection. `open`: the response never has data of a connection. */
  readonly answer: 'filtered' | 'open' | 'operators' | string;
}

const athena = '/athenahealth';
const patients = `${athena}/resources/Patient`;
const fhir = `${athena}/fhir/{connectionId}`;
const kickOff = { headers: { prefer: 'respond-async' }, accept: 'application/fhir+json' };
const runByPost = {
  body: {
    resourceType: 'Parameters',
    parameter: [{ name: 'viewReference', valueReference: { reference: 'ViewDefinition/patient' } }],
  },
};
const kickOffByPost = { ...kickOff, body: { resourceType: 'Parameters', parameter: [] } };
const ofConnection = { connectionId: '{connectionId}' };
const withoutKey = { provider: 'athenahealth', auth: { method: 'none' } };
const desired = { ...withoutKey, name: 'Desired', force: true };
const schedule = { ...ofConnection, kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };

/** A request to each endpoint that needs a key. A missing endpoint does not compile. */
export const endpointRequests: Readonly<Record<KeyedEndpointId, EndpointRequest>> = {
  getSession: { path: '/session', answer: 'open' },
  listProviders: { path: '/providers', answer: 'open' },
  listConnections: { path: '/connections', answer: 'filtered' },
  countConnections: { path: '/connections/counts', answer: 'open' },
  getConnection: { path: '/connections/{connectionId}', answer: 'unknown-connection' },
  listWatermarks: { path: '/connections/{connectionId}/watermarks', answer: 'unknown-connection' },
  listCohorts: { path: '/connections/{connectionId}/cohorts', answer: 'unknown-connection' },
  getCohort: { path: '/connections/{connectionId}/cohorts/c', answer: 'unknown-connection' },
  setCohort: {
    path: '/connections/{connectionId}/cohorts/c',
    body: { patients: ['p1'] },
    answer: 'unknown-connection',
  },
  changeCohort: { path: '/connections/{connectionId}/cohorts/c', body: { add: ['p1'] }, answer: 'unknown-connection' },
  deleteCohort: { path: '/connections/{connectionId}/cohorts/c', answer: 'unknown-connection' },
  renameConnection: { path: '/connections/{connectionId}', body: { name: 'Renamed' }, answer: 'operators' },
  // The connection that was planted is for the same server.
  createConnection: { path: '/connections', body: { ...withoutKey, force: true }, answer: 'operators' },
  planConnections: { path: '/connections/plan', body: { connections: [desired] }, answer: 'operators' },
  applyConnection: { path: '/connections/apply', body: { connection: desired, version: '' }, answer: 'operators' },
  testDraft: { path: '/connections/test', body: withoutKey, answer: 'operators' },
  deleteConnection: { path: '/connections/{connectionId}', answer: 'operators' },
  countConnectionData: { path: '/connections/{connectionId}/data', answer: 'operators' },
  countPatientData: { path: '/connections/{connectionId}/patients/p1/data', answer: 'operators' },
  erasePatient: { path: '/connections/{connectionId}/patients/p1', answer: 'operators' },
  letPatientIn: { path: '/connections/{connectionId}/kept-out-patients/p1', answer: 'operators' },
  listErasures: { path: '/erasures', answer: 'operators' },
  getErasure: { path: '/erasures/erase_none', answer: 'operators' },
  confirmProcessStopped: {
    path: '/erasures/erase_none/confirm-stopped',
    body: { processId: 'process_none' },
    answer: 'operators',
  },
  listRetention: { path: '/retention', answer: 'operators' },
  listTables: { path: `${athena}/tables`, answer: 'open' },
  readTable: { path: `${athena}/tables/patient?connectionId={connectionId}`, answer: 'unknown-connection' },
  readViewTable: {
    path: `${athena}/tables?connectionId={connectionId}`,
    body: { resource: 'Patient', select: [{ column: [{ name: 'id', path: 'id' }] }] },
    answer: 'unknown-connection',
  },
  getCapabilities: { path: `${athena}/capabilities?connectionId={connectionId}`, answer: 'unknown-connection' },
  startBulkExport: { path: `${athena}/bulk-export`, body: ofConnection, answer: 'unknown-connection' },
  listBulkExports: { path: `${athena}/bulk-export?limit=1000`, answer: 'filtered' },
  watchBulkExports: { path: `${athena}/bulk-export/events`, answer: 'filtered' },
  watchBulkExport: { path: `${athena}/bulk-export/{exportId}/events`, answer: 'unknown-export' },
  getBulkExport: { path: `${athena}/bulk-export/{exportId}`, answer: 'unknown-export' },
  cancelBulkExport: { path: `${athena}/bulk-export/{exportId}`, answer: 'unknown-export' },
  retryBulkExport: { path: `${athena}/bulk-export/{exportId}/retry`, answer: 'unknown-export' },
  listOutputFiles: { path: `${athena}/bulk-export/{exportId}/files`, answer: 'unknown-export' },
  listExportEvents: { path: `${athena}/bulk-export/{exportId}/log`, answer: 'unknown-export' },
  listSyncEvents: { path: `${athena}/sync-runs/{syncRunId}/log`, answer: 'unknown-run' },
  startEnhancedSync: {
    path: `${athena}/enhanced-sync`,
    body: ofConnection,
    headers: { prefer: 'respond-async' },
    answer: 'unknown-connection',
  },
  listSyncRuns: { path: `${athena}/sync-runs?connectionId={connectionId}`, answer: 'unknown-connection' },
  getSyncRun: { path: `${athena}/sync-runs/{syncRunId}`, answer: 'unknown-run' },
  watchSyncRun: { path: `${athena}/sync-runs/{syncRunId}/events`, answer: 'unknown-run' },
  cancelSyncRun: { path: `${athena}/sync-runs/{syncRunId}`, answer: 'unknown-run' },
  retrySyncRun: { path: `${athena}/sync-runs/{syncRunId}/retry`, answer: 'unknown-run' },
  createSchedule: { path: '/schedules', body: schedule, answer: 'unknown-connection' },
  listSchedules: { path: '/schedules?limit=1000', answer: 'filtered' },
  getSchedule: { path: '/schedules/{scheduleId}', answer: 'unknown-schedule' },
  changeSchedule: { path: '/schedules/{scheduleId}', body: { paused: true }, answer: 'unknown-schedule' },
  runSchedule: { path: '/schedules/{scheduleId}/run', answer: 'unknown-schedule' },
  deleteSchedule: { path: '/schedules/{scheduleId}', answer: 'unknown-schedule' },
  readChanges: { path: `${athena}/resources/_history?connectionId={connectionId}`, answer: 'unknown-connection' },
  readFhirResource: { path: `${fhir}/Patient/p1`, answer: 'unknown-connection' },
  readFhirBinary: { path: `${fhir}/Binary/b1`, answer: 'unknown-connection' },
  readFhirVersion: { path: `${fhir}/Patient/p1/_history/1`, answer: 'unknown-connection' },
  readFhirInstanceHistory: { path: `${fhir}/Patient/p1/_history`, answer: 'unknown-connection' },
  readFhirTypeHistory: { path: `${fhir}/Patient/_history`, answer: 'unknown-connection' },
  readFhirHistory: { path: `${fhir}/_history`, answer: 'unknown-connection' },
  searchFhir: { path: `${fhir}/Patient`, answer: 'unknown-connection' },
  searchFhirRecord: { path: `${fhir}/Patient/p1/Patient`, answer: 'unknown-connection' },
  readFhirEverything: { path: `${fhir}/Patient/p1/$everything`, answer: 'unknown-connection' },
  readFhirGroup: { path: `${fhir}/Group/{connectionId}`, answer: 'unknown-connection' },
  searchFhirGroups: { path: `${fhir}/Group`, answer: 'unknown-connection' },
  searchFhirByPost: { path: `${fhir}/Patient/_search`, answer: 'unknown-connection' },
  exportSystem: { path: `${fhir}/$export`, ...kickOff, answer: 'unknown-connection' },
  exportSystemByPost: { path: `${fhir}/$export`, ...kickOffByPost, answer: 'unknown-connection' },
  exportPatients: { path: `${fhir}/Patient/$export`, ...kickOff, answer: 'unknown-connection' },
  exportPatientsByPost: { path: `${fhir}/Patient/$export`, ...kickOffByPost, answer: 'unknown-connection' },
  exportGroup: { path: `${fhir}/Group/{connectionId}/$export`, ...kickOff, answer: 'unknown-connection' },
  exportGroupByPost: { path: `${fhir}/Group/{connectionId}/$export`, ...kickOffByPost, answer: 'unknown-connection' },
  runView: { path: `${fhir}/$viewdefinition-run`, ...runByPost, answer: 'unknown-connection' },
  runViewOfType: { path: `${fhir}/ViewDefinition/$viewdefinition-run`, ...runByPost, answer: 'unknown-connection' },
  runSql: { path: `${fhir}/$sql-run?subjectReference=patient`, ...kickOffByPost, answer: 'unknown-connection' },
  runSqlByGet: { path: `${fhir}/$sql-run?subjectReference=ViewDefinition/patient`, answer: 'unknown-connection' },
  readServedExport: { path: `${fhir}/bulkstatus/{servedExportId}`, answer: 'unknown-connection' },
  readServedFile: { path: `${fhir}/bulkdata/{servedExportId}/Patient.ndjson`, answer: 'unknown-connection' },
  deleteServedExport: { path: `${fhir}/bulkstatus/{servedExportId}`, answer: 'unknown-connection' },
  searchResources: { path: `${patients}?connectionId={connectionId}`, answer: 'unknown-connection' },
  readResourceHistory: {
    path: `${patients}/_history?connectionId={connectionId}&_since=2026-11-01T00:00:00Z`,
    answer: 'unknown-connection',
  },
  readResource: { path: `${patients}/p1?connectionId={connectionId}`, answer: 'unknown-connection' },
  listResourceSources: { path: `${patients}/p1/sources?connectionId={connectionId}`, answer: 'unknown-connection' },
  listDocuments: { path: `${athena}/documents?connectionId={connectionId}`, answer: 'unknown-connection' },
  readDocument: { path: `${athena}/documents/{documentId}`, answer: 'unknown-document' },
  getDocument: { path: `${athena}/documents/{documentId}/metadata`, answer: 'unknown-document' },
  retryDocument: { path: `${athena}/documents/{documentId}/retry`, answer: 'unknown-document' },
  listQuarantinedLines: { path: '/quarantine?limit=1000', answer: 'filtered' },
  listQuarantineGroups: { path: '/quarantine/groups?limit=1000', answer: 'filtered' },
  dismissQuarantinedLines: { path: '/quarantine/dismiss', body: { runId: '{exportId}' }, answer: 'operators' },
  getQuarantinedLine: { path: '/quarantine/{lineId}', answer: 'unknown-line' },
  readQuarantinedLine: { path: '/quarantine/{lineId}/line', answer: 'operators' },
  replayQuarantinedLines: { path: '/quarantine/replay', body: { runId: '{exportId}' }, answer: 'operators' },
  // The request of an operator waits a few seconds for a worker, and this test has no worker.
  replayQuarantinedLine: { path: '/quarantine/{lineId}/replay', answer: 'operators' },
  setWebhook: { path: '/connections/{connectionId}/webhook', body: {}, answer: 'unknown-connection' },
  removeWebhook: { path: '/connections/{connectionId}/webhook', answer: 'unknown-connection' },
  listWebhookReceivers: { path: '/webhook-receivers', answer: 'open' },
  listWebhookDeliveries: { path: '/webhook-deliveries?connectionId={connectionId}', answer: 'unknown-connection' },
  getWebhookDelivery: { path: '/webhook-deliveries/{deliveryId}', answer: 'unknown-delivery' },
  resendWebhookDelivery: { path: '/webhook-deliveries/{deliveryId}/resend', answer: 'unknown-delivery' },
  testConnection: { path: '/connections/{connectionId}/test', answer: 'unknown-connection' },
  readProbe: { path: '/connections/{connectionId}/probe', answer: 'unknown-connection' },
  startProbe: { path: '/connections/{connectionId}/probe', answer: 'operators' },
  cancelProbe: { path: '/connections/{connectionId}/probe', answer: 'operators' },
  applyFacts: {
    path: '/provider-facts',
    body: {
      provider: 'athenahealth',
      environment: 'preview',
      measuredAt: '2026-01-01T00:00:00Z',
      version: '1',
      used: { requests: 1, exports: 0 },
      facts: {},
    },
    answer: 'operators',
  },
  getProvider: { path: '/providers/athenahealth', answer: 'operators' },
  authorize: { path: `${athena}/authorize?connectionId={connectionId}`, answer: 'operators' },
  inviteToAuthorize: { path: `${athena}/authorize`, body: ofConnection, answer: 'operators' },
  changeCredentials: {
    path: '/connections/{connectionId}/credentials',
    body: { auth: { method: 'none' } },
    answer: 'operators',
  },
  changeOrigins: {
    path: '/connections/{connectionId}/origins',
    body: { origins: ['https://files.example.org'], aliases: [] },
    answer: 'operators',
  },
  createSigningKey: { path: '/signing-keys', body: { alg: 'ES384' }, answer: 'operators' },
  listSigningKeys: { path: '/signing-keys', answer: 'operators' },
  getSigningKey: { path: '/signing-keys/kid_none', answer: 'operators' },
  activateSigningKey: { path: '/signing-keys/kid_none/activate', answer: 'operators' },
  retireSigningKey: { path: '/signing-keys/kid_none/retire', answer: 'operators' },
  deleteSigningKey: { path: '/signing-keys/kid_none', answer: 'operators' },
  createApiKey: { path: '/api-keys', body: { name: 'x', role: 'operator' }, answer: 'operators' },
  listRateBudgets: { path: '/rate-budgets', answer: 'filtered' },
  watchRateBudgets: { path: '/rate-budgets/events', answer: 'filtered' },
  listPlans: { path: '/plan', answer: 'filtered' },
  spreadSchedules: { path: '/plan/schedules', answer: 'filtered' },
  listQueues: { path: '/queues', answer: 'operators' },
  listProcesses: { path: '/processes', answer: 'operators' },
  getHealthReport: { path: '/health-report', answer: 'operators' },
  getHistory: { path: '/history', answer: 'operators' },
  listAuditEvents: { path: '/audit-events', answer: 'operators' },
  downloadAuditEvents: { path: '/audit-events/download', answer: 'operators' },
  verifyAuditEvents: { path: '/audit-events/verification', answer: 'operators' },
  listSessions: { path: '/sessions', answer: 'operators' },
  endSession: { path: '/sessions/none', answer: 'operators' },
  listApiKeys: { path: '/api-keys', answer: 'operators' },
  getApiKey: { path: '/api-keys/key_none', answer: 'operators' },
  registerClient: { path: '/clients', body: { name: 'x', jwksUrl: 'https://x.example' }, answer: 'operators' },
  listClients: { path: '/clients', answer: 'operators' },
  getClient: { path: '/clients/client_none', answer: 'operators' },
  revokeClient: { path: '/clients/client_none', answer: 'operators' },
  createClientSecret: { path: '/clients/{backendClientId}/secrets', answer: 'operators' },
  deleteClientSecret: { path: '/clients/client_none/secrets/secret_none', answer: 'operators' },
  revokeApiKey: { path: '/api-keys/key_none', answer: 'operators' },
};

/** The request to an endpoint for the data of a connection. */
export function toRequest(id: KeyedEndpointId, planted: PlantedConnection) {
  const { answer: _, ...template } = endpointRequests[id];
  const json = JSON.stringify(template).replaceAll(/\{(\w+)\}/g, (_name, field: keyof PlantedConnection) => {
    if (!(field in planted)) throw new Error(`the request of ${id} names ${field}, which no planted connection has`);
    return planted[field];
  });
  const { path, ...options } = JSON.parse(json) as typeof template;
  const method = endpoints.find((endpoint) => endpoint.id === id)?.method.toUpperCase() ?? '';
  return { method, path: `/api/ehr${path}`, ...options };
}
