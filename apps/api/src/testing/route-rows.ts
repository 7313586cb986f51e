import type { PlantedConnection } from './plant-connection.ts';
import type { RequestOptions } from './start-api.ts';

interface Ask extends RequestOptions {
  readonly path: string;
}
/** How a route is asked, and what scope it has. */
export interface RouteRow {
  /** A request for something of another connection. */
  readonly ask: (other: PlantedConnection) => Ask;
  /** How it is answered. `filtered`: as if there were nothing of the other connection; `open`: it shows nothing of one. */
  readonly answer: 'filtered' | 'open' | 'operators' | string;
}

const athena = '/athenahealth';
const patients = { path: `${athena}/resources/Patient` };
const withConnection = (path: string) => (other: PlantedConnection) => ({
  path: `${path}?connectionId=${other.connectionId}`,
});
const schedule = { kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };

/** Every route of the API by its name; a test finds one that is missing. */
export const routeRows: Readonly<Record<string, RouteRow>> = {
  'GET /session': { ask: () => ({ path: '/session' }), answer: 'open' },
  'GET /providers': { ask: () => ({ path: '/providers' }), answer: 'open' },
  'GET /connections': { ask: () => ({ path: '/connections' }), answer: 'filtered' },
  'GET /connections/:id': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'unknown-connection',
  },
  'GET /connections/:id/watermarks': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/watermarks` }),
    answer: 'unknown-connection',
  },
  'POST /connections': {
    ask: () => ({ path: '/connections', body: { provider: 'athenahealth', auth: { method: 'none' } } }),
    answer: 'operators',
  },
  'DELETE /connections/:id': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}` }),
    answer: 'operators',
  },
  'GET /connections/:id/data': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/data` }),
    answer: 'operators',
  },
  'GET /connections/:id/patients/:patientId/data': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1/data` }),
    answer: 'operators',
  },
  'DELETE /connections/:id/patients/:patientId': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/patients/p1` }),
    answer: 'operators',
  },
  'DELETE /connections/:id/kept-out-patients/:patientId': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/kept-out-patients/p1` }),
    answer: 'operators',
  },
  'GET /erasures': { ask: () => ({ path: '/erasures' }), answer: 'operators' },
  'GET /erasures/:id': { ask: () => ({ path: '/erasures/erase_none' }), answer: 'operators' },
  'GET /retention': { ask: () => ({ path: '/retention' }), answer: 'operators' },
  'GET /:provider/capabilities': { ask: withConnection(`${athena}/capabilities`), answer: 'unknown-connection' },
  'POST /:provider/bulk-export': {
    ask: ({ connectionId }) => ({ path: `${athena}/bulk-export`, body: { connectionId } }),
    answer: 'unknown-connection',
  },
  'GET /:provider/bulk-export': { ask: () => ({ path: `${athena}/bulk-export?limit=1000` }), answer: 'filtered' },
  'GET /:provider/bulk-export/events': { ask: () => ({ path: `${athena}/bulk-export/events` }), answer: 'filtered' },
  'GET /:provider/bulk-export/:jobId/events': {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/events` }),
    answer: 'unknown-export',
  },
  'GET /:provider/bulk-export/:jobId': {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  'DELETE /:provider/bulk-export/:jobId': {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}` }),
    answer: 'unknown-export',
  },
  'POST /:provider/bulk-export/:jobId/retry': {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/retry` }),
    answer: 'unknown-export',
  },
  'GET /:provider/bulk-export/:jobId/files': {
    ask: ({ exportId }) => ({ path: `${athena}/bulk-export/${exportId}/files` }),
    answer: 'unknown-export',
  },
  'POST /:provider/enhanced-sync': {
    ask: ({ connectionId }) => ({
      path: `${athena}/enhanced-sync`,
      body: { connectionId },
      headers: { prefer: 'respond-async' },
    }),
    answer: 'unknown-connection',
  },
  'GET /:provider/sync-runs': { ask: withConnection(`${athena}/sync-runs`), answer: 'unknown-connection' },
  'GET /:provider/sync-runs/:id': {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  'GET /:provider/sync-runs/:id/events': {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/events` }),
    answer: 'unknown-run',
  },
  'DELETE /:provider/sync-runs/:id': {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}` }),
    answer: 'unknown-run',
  },
  'POST /:provider/sync-runs/:id/retry': {
    ask: ({ syncRunId }) => ({ path: `${athena}/sync-runs/${syncRunId}/retry` }),
    answer: 'unknown-run',
  },
  'POST /schedules': {
    ask: ({ connectionId }) => ({ path: '/schedules', body: { connectionId, ...schedule } }),
    answer: 'unknown-connection',
  },
  'GET /schedules': { ask: () => ({ path: '/schedules?limit=1000' }), answer: 'filtered' },
  'GET /schedules/:id': {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  'PATCH /schedules/:id': {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}`, body: { paused: true } }),
    answer: 'unknown-schedule',
  },
  'POST /schedules/:id/run': {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}/run` }),
    answer: 'unknown-schedule',
  },
  'DELETE /schedules/:id': {
    ask: ({ scheduleId }) => ({ path: `/schedules/${scheduleId}` }),
    answer: 'unknown-schedule',
  },
  'GET /:provider/resources/:type': { ask: withConnection(patients.path), answer: 'unknown-connection' },
  'GET /:provider/resources/:type/:id': { ask: withConnection(`${patients.path}/p1`), answer: 'unknown-connection' },
  'GET /:provider/resources/:type/:id/sources': {
    ask: withConnection(`${patients.path}/p1/sources`),
    answer: 'unknown-connection',
  },
  'GET /:provider/documents': { ask: withConnection(`${athena}/documents`), answer: 'unknown-connection' },
  'GET /:provider/documents/:id': {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}` }),
    answer: 'unknown-document',
  },
  'GET /:provider/documents/:id/metadata': {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/metadata` }),
    answer: 'unknown-document',
  },
  'POST /:provider/documents/:id/retry': {
    ask: ({ documentId }) => ({ path: `${athena}/documents/${documentId}/retry` }),
    answer: 'unknown-document',
  },
  'GET /quarantine': { ask: () => ({ path: '/quarantine?limit=1000' }), answer: 'filtered' },
  'GET /quarantine/:id': { ask: ({ lineId }) => ({ path: `/quarantine/${lineId}` }), answer: 'unknown-line' },
  'GET /quarantine/:id/line': { ask: ({ lineId }) => ({ path: `/quarantine/${lineId}/line` }), answer: 'operators' },
  'POST /quarantine/replay': {
    ask: ({ exportId }) => ({ path: '/quarantine/replay', body: { exportId } }),
    answer: 'operators',
  },
  // The operator's own request waits some seconds for a worker, which there is not.
  'POST /quarantine/:id/replay': {
    ask: ({ lineId }) => ({ path: `/quarantine/${lineId}/replay` }),
    answer: 'operators',
  },
  'PUT /connections/:id/webhook': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook`, body: {} }),
    answer: 'unknown-connection',
  },
  'DELETE /connections/:id/webhook': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/webhook` }),
    answer: 'unknown-connection',
  },
  'GET /webhook-deliveries': { ask: withConnection('/webhook-deliveries'), answer: 'unknown-connection' },
  'POST /webhook-deliveries/:id/resend': {
    ask: ({ deliveryId }) => ({ path: `/webhook-deliveries/${deliveryId}/resend` }),
    answer: 'unknown-delivery',
  },
  'POST /connections/:id/test': {
    ask: ({ connectionId }) => ({ path: `/connections/${connectionId}/test` }),
    answer: 'unknown-connection',
  },
  'GET /:provider/authorize': { ask: withConnection(`${athena}/authorize`), answer: 'operators' },
  'POST /:provider/authorize': {
    ask: ({ connectionId }) => ({ path: `${athena}/authorize`, body: { connectionId } }),
    answer: 'operators',
  },
  'PUT /connections/:id/credentials': {
    ask: ({ connectionId }) => ({
      path: `/connections/${connectionId}/credentials`,
      body: { auth: { method: 'none' } },
    }),
    answer: 'operators',
  },
  'POST /signing-keys': { ask: () => ({ path: '/signing-keys', body: { alg: 'ES384' } }), answer: 'operators' },
  'GET /signing-keys': { ask: () => ({ path: '/signing-keys' }), answer: 'operators' },
  'POST /signing-keys/:kid/activate': {
    ask: () => ({ path: '/signing-keys/kid_none/activate' }),
    answer: 'operators',
  },
  'POST /signing-keys/:kid/retire': { ask: () => ({ path: '/signing-keys/kid_none/retire' }), answer: 'operators' },
  'DELETE /signing-keys/:kid': { ask: () => ({ path: '/signing-keys/kid_none' }), answer: 'operators' },
  'POST /api-keys': { ask: () => ({ path: '/api-keys', body: { name: 'x', role: 'operator' } }), answer: 'operators' },
  'GET /rate-budgets': { ask: () => ({ path: '/rate-budgets' }), answer: 'filtered' },
  'GET /rate-budgets/events': { ask: () => ({ path: '/rate-budgets/events' }), answer: 'filtered' },
  'GET /queues': { ask: () => ({ path: '/queues' }), answer: 'operators' },
  'GET /diagnosis': { ask: () => ({ path: '/diagnosis' }), answer: 'operators' },
  'GET /audit-events': { ask: () => ({ path: '/audit-events' }), answer: 'operators' },
  'GET /audit-events/verification': { ask: () => ({ path: '/audit-events/verification' }), answer: 'operators' },
  'GET /api-keys': { ask: () => ({ path: '/api-keys' }), answer: 'operators' },
  'DELETE /api-keys/:id': { ask: () => ({ path: '/api-keys/key_none' }), answer: 'operators' },
};
