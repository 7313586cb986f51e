import { defineActions, replayed } from '@bulkhead/http';
import { at, connectionId, exportId, success } from '@bulkhead/http/schemas';
import { bulkExportRequestSchema, startedExportSchema, toStartedView } from '@bulkhead/imports/export/commands';
import { defineEndpoint } from '../../define-endpoint.ts';
import { statusUrl } from './bulk-export.examples.ts';

export const exportActions = defineActions('export', {
  cancel: { keys: 'client', people: 'operator' },
  create: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  // A signed link to a file opens the file without a token, so showing such links is audited.
  read: { keys: 'client', people: 'viewer', audited: 'if-shown' },
  // It shows neither links nor resources.
  readLog: { keys: 'client', people: 'viewer', audited: false },
  retry: { keys: 'client', people: 'operator' },
});

/** Endpoint 1 of the guide. */
export const startExport = defineEndpoint({
  id: 'startBulkExport',
  route: 'POST /api/ehr/:provider/bulk-export',
  action: exportActions.create,
  idempotency: 'handler',
  summary: 'Start a bulk export',
  description:
    'Only one export with the same request runs for a connection at a time. While it runs, the same request returns 409 with its id.',
  request: {
    body: {
      schema: bulkExportRequestSchema,
      example: { connectionId, exportType: 'Patient', resourceTypes: ['Patient', 'Observation', 'Condition'] },
    },
  },
  responses: {
    202: success('The export was accepted. Follow it at `Location`', {
      data: startedExportSchema,
      example: {
        id: exportId,
        status: 'IN_PROGRESS',
        statusUrl,
        startedAt: at,
      },
    }),
  },
  errors: ['unknown-connection', 'unknown-cohort', 'export-already-running'],
  async handler({ params: { provider }, body, idempotencyKey: key, caller, services, audit }) {
    const { apiKey, scope } = caller;
    const idempotency = key === undefined ? undefined : { clientId: apiKey.id, key };
    const { record, isRepeated } = await services.startExport({ provider, body, scope, idempotency, by: apiKey.name });
    audit.addPatients(body.patients ?? []);
    audit.addTarget({ connectionId: record.connectionId, jobId: record.id });
    audit.setChanged(!isRepeated);
    const location = `/api/ehr/${record.provider}/bulk-export/${record.id}`;
    return { data: toStartedView(record), location, headers: isRepeated ? replayed : {} };
  },
});
