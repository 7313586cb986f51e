import {
  confirmStoppedSchema,
  deleteConnectionQuerySchema,
  erasePatientQuerySchema,
  erasureListQuerySchema,
  erasureViewSchema,
  type RequestedErasure,
  toErasureView,
} from '@bulkhead/erasure/commands';
import { type AuditNotes, actorOf, defineActions, endpointGroup, type Reply } from '@bulkhead/http';
import { connectionId, count, instant, later, page, success } from '@bulkhead/http/schemas';
import { dataAmountsSchema, pageOf, shortListQuery, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions } from '../connections/connection.actions.ts';

const erasureActions = defineActions('erasure', {
  list: { keys: 'operator', people: 'viewer', audited: false },
  confirmStopped: { keys: 'operator', people: 'admin' },
  read: { keys: 'operator', people: 'viewer', audited: false },
});

const patientActions = defineActions('patient', {
  erase: { keys: 'operator', people: 'admin' },
  letIn: { keys: 'operator', people: 'admin' },
  readAmounts: { keys: 'operator', people: 'viewer' },
});

const retentionActions = defineActions('retention', {
  read: { keys: 'operator', people: 'viewer', audited: false },
});

const amountsExample = {
  resources: { Patient: 1, Observation: 214, DocumentReference: 3 },
  records: { documents: 3, documentContents: 3, quarantinedLines: 1, crawlMarks: 1 },
  contentBytes: 481_220,
};

const erasureExample = {
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

/** The reply to a request for an erasure, whether or not the erasure had been requested before. */
function answerErasure(audit: AuditNotes, { erasure, isChanged }: RequestedErasure): Reply<202> {
  audit.addTarget({ erasureId: erasure.id });
  audit.setChanged(isChanged);
  return { status: 202, location: `/api/ehr/erasures/${erasure.id}`, data: toErasureView(erasure) };
}

const countConnectionData = defineEndpoint({
  id: 'countConnectionData',
  route: 'GET /api/ehr/connections/:id/data',
  action: connectionActions.readAmounts,
  summary: 'Count the stored data of a connection, even if the connection was deleted without its data',
  description:
    'Returns the number of stored resources and records, and the size of documents. Use it before you purge a connection. Every count is read from an index, but with millions of resources it can take seconds.',
  responses: { 200: success('The stored amounts, by kind', { data: dataAmountsSchema, example: amountsExample }) },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId }, caller: { scope }, services }) {
    return { data: await services.erasures.amountsOf({ connectionId, scope }) };
  },
});

const deleteConnection = defineEndpoint({
  id: 'deleteConnection',
  route: 'DELETE /api/ehr/connections/:id',
  action: connectionActions.delete,
  summary: 'Delete a connection and its schedules, and optionally all of its stored data',
  description:
    'With `data=purge` workers cancel running exports and syncs, and delete all stored data of the connection. Count the data first. The id may also be that of a connection that was deleted earlier without its data.',
  request: { query: deleteConnectionQuerySchema },
  responses: {
    202: success('The data is being purged', { data: erasureViewSchema, example: erasureExample }),
    204: { description: 'The connection is deleted. Its stored data is kept.' },
  },
  errors: ['unknown-connection', 'connection-in-use'],
  async handler({ params: { id }, query, caller, services, audit }): Promise<Reply<202 | 204>> {
    const { scope } = caller;
    if (query.data === 'keep') {
      const { name } = await services.connections.delete({ id, scope });
      audit.addTarget({ name });
      return { status: 204 };
    }
    const requestedBy = actorOf(caller);
    return answerErasure(audit, await services.erasures.eraseConnection({ connectionId: id, scope, requestedBy }));
  },
});

const countPatientData = defineEndpoint({
  id: 'countPatientData',
  route: 'GET /api/ehr/connections/:id/patients/:patientId/data',
  action: patientActions.readAmounts,
  summary: 'Count what the erasure of a patient would delete',
  description:
    'Returns the number of resources, documents and other records that belong to the patient, without deleting anything. Use it before you erase the patient. The audit log records it.',
  responses: {
    200: success('What the erasure of the patient would delete, by kind', {
      data: dataAmountsSchema,
      example: amountsExample,
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId, patientId }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId });
    return { data: await services.erasures.amountsOfPatient({ connectionId, patientId, scope }) };
  },
});

const erasePatient = defineEndpoint({
  id: 'erasePatient',
  route: 'DELETE /api/ehr/connections/:id/patients/:patientId',
  action: patientActions.erase,
  summary: 'Delete all stored data of a patient',
  description:
    'Deletes the resources, documents and quarantined lines of the patient, and replaces the id of the patient in ended runs. It is refused while an export or a sync of the connection is running. Later exports would store the patient again, unless `keepOut=true`.',
  request: { query: erasePatientQuerySchema },
  responses: { 202: success('The data is being deleted', { data: erasureViewSchema, example: erasureExample }) },
  errors: ['unknown-connection', 'connection-in-use', 'connection-of-patient'],
  async handler({ params: { id: connectionId, patientId }, query, caller, services, audit }) {
    audit.addTarget({ connectionId });
    const reference = { connectionId, patientId, scope: caller.scope };
    const keepsOut = query.keepOut === 'true';
    return answerErasure(
      audit,
      await services.erasures.erasePatient({ ...reference, keepsOut, requestedBy: actorOf(caller) }),
    );
  },
});

const letPatientIn = defineEndpoint({
  id: 'letPatientIn',
  route: 'DELETE /api/ehr/connections/:id/kept-out-patients/:patientId',
  action: patientActions.letIn,
  summary: 'Allow an erased patient to be stored again',
  description:
    'Ends what `keepOut=true` of an erasure began. The next export or sync stores the patient again, if the EHR sends it. Nothing that was erased comes back by itself.',
  responses: { 204: { description: 'The patient may be stored again' } },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId, patientId }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId });
    audit.setChanged(await services.erasures.allowPatient({ connectionId, patientId, scope }));
    return {};
  },
});

const listErasures = defineEndpoint({
  id: 'listErasures',
  route: 'GET /api/ehr/erasures',
  action: erasureActions.list,
  summary: 'List erasures, newest first',
  description:
    'Returns the deletions of connections and patients, with what each has deleted. A completed erasure no longer identifies its patient.',
  request: { query: erasureListQuerySchema },
  responses: { 200: page('A page of erasures, newest first', { item: erasureViewSchema, example: [erasureExample] }) },
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.erasures.list({ query, scope });
    return { data: items.map(toErasureView), next };
  },
});

const getErasure = defineEndpoint({
  id: 'getErasure',
  route: 'GET /api/ehr/erasures/:id',
  action: erasureActions.read,
  summary: 'Return an erasure and its progress',
  description:
    'Returns how far the deletion is, and what it has deleted. Poll it after a 202 until `phase` is `completed`.',
  responses: {
    200: success('The erasure with what it has deleted until now', {
      data: erasureViewSchema,
      example: erasureExample,
    }),
  },
  errors: ['unknown-erasure'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toErasureView(await services.erasures.find({ id, scope })) };
  },
});

const confirmStopped = defineEndpoint({
  id: 'confirmProcessStopped',
  route: 'POST /api/ehr/erasures/:id/confirm-stopped',
  action: erasureActions.confirmStopped,
  summary: 'Confirm that a process for which an erasure waits no longer exists',
  description:
    'A process that slept can write what was deleted, so an erasure waits for each process that was writing when it began. A process that was killed on another machine cannot report. If it or its machine is gone for good, confirm it here, and the erasure ends without it.',
  request: { body: { schema: confirmStoppedSchema, example: { processId: 'process_0190c1a2' } } },
  responses: {
    200: success('The erasure, which continues', { data: erasureViewSchema, example: erasureExample }),
  },
  errors: ['unknown-erasure', 'unknown-process'],
  async handler({ params: { id }, body: { processId }, caller: { scope }, services, audit }) {
    audit.addTarget({ erasureId: id, processId });
    return { data: toErasureView(await services.erasures.confirmStopped({ id, scope, processId })) };
  },
});

const retentionSchema = z
  .strictObject({
    kind: z.string().describe('The kind of record, such as `bulk-export`.'),
    startedAt: instant.describe('When the pass began.'),
    endedAt: instant.optional().meta({ description: 'Absent while the pass is running.' }),
    deleted: count.optional().meta({ description: 'How many records this pass has deleted.' }),
    keptDays: count.optional().meta({
      description: 'How many days such records are kept, according to the worker that ran the last part of the pass.',
    }),
  })
  .meta({
    id: 'RetentionPass',
    description: 'The last pass of retention over all records of a kind. See docs/retention.md.',
  });

const retentionExample = { kind: 'bulk-export', startedAt: later, endedAt: later, deleted: 12, keptDays: 90 };

const listRetention = defineEndpoint({
  id: 'listRetention',
  route: 'GET /api/ehr/retention',
  action: retentionActions.read,
  summary: 'List the last retention pass for each kind of record',
  description:
    'Returns when the automatic deletion of old records last ran for each kind, how many records it deleted, and how long records are kept. docs/retention.md describes the kinds.',
  request: { query: shortListQuery },
  responses: {
    200: page('The last pass over each kind of record', { item: retentionSchema, example: [retentionExample] }),
  },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.monitoring.retention(), query, ({ kind }) => kind);
    return { data: items.map((pass) => viewOf(retentionSchema, pass)), next };
  },
});

export const erasureEndpoints = endpointGroup({
  name: 'Erasure',
  description: 'Counting and deleting the stored data of a connection or a patient.',
  endpoints: [
    countConnectionData,
    deleteConnection,
    countPatientData,
    erasePatient,
    letPatientIn,
    listErasures,
    getErasure,
    confirmStopped,
    listRetention,
  ],
});
