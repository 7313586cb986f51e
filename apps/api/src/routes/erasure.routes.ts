import type { AuditActor } from '@bulkhead/domain';
import {
  type ConnectionService,
  deleteConnectionQuerySchema,
  type ErasureService,
  erasePatientQuerySchema,
  erasureListQuerySchema,
  type RequestedErasure,
  toErasureView,
} from '@bulkhead/service';
import { type Response, Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { noteChange, notePatients, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** What is stored of a connection or a patient: how much it is, and its erasure. */
export function erasureRoutes(services: {
  readonly connections: ConnectionService;
  readonly erasures: ErasureService;
}): Router {
  const { connections, erasures } = services;
  const router = Router();

  router.get('/connections/:id/data', allow('connection.read-amounts'), async (request, response) => {
    const which = { connectionId: request.params.id, scope: callerOf(response).scope };
    response.json({ success: true, data: await erasures.amountsOf(which) });
  });

  router.delete('/connections/:id', allow('connection.delete'), async (request, response) => {
    const { data } = parseRequest(deleteConnectionQuerySchema, request.query);
    const { id } = request.params;
    const { scope } = callerOf(response);
    if (data === 'keep') {
      await connections.delete({ id, scope });
      response.status(204).end();
      return;
    }
    answer(response, await erasures.eraseConnection({ connectionId: id, scope, requestedBy: actorOf(response) }));
  });

  router.get('/connections/:id/patients/:patientId/data', allow('patient.read-amounts'), async (request, response) => {
    const { id: connectionId, patientId } = request.params;
    notePatient(response, { connectionId, patientId });
    const amounts = await erasures.amountsOfPatient({ connectionId, patientId, scope: callerOf(response).scope });
    response.json({ success: true, data: amounts });
  });

  router.delete('/connections/:id/patients/:patientId', allow('patient.erase'), async (request, response) => {
    const { id: connectionId, patientId } = request.params;
    notePatient(response, { connectionId, patientId });
    const { keepOut } = parseRequest(erasePatientQuerySchema, request.query);
    const which = { connectionId, patientId, scope: callerOf(response).scope };
    const requestedBy = actorOf(response);
    answer(response, await erasures.erasePatient({ ...which, keepsOut: keepOut === 'true', requestedBy }));
  });

  router.delete('/connections/:id/kept-out-patients/:patientId', allow('patient.let-in'), async (request, response) => {
    const { id: connectionId, patientId } = request.params;
    notePatient(response, { connectionId, patientId });
    noteChange(response, await erasures.allowPatient({ connectionId, patientId, scope: callerOf(response).scope }));
    response.status(204).end();
  });

  router.get('/erasures', allow('erasure.list'), async (request, response) => {
    const query = parseRequest(erasureListQuerySchema, request.query);
    const { erasures: page, next } = await erasures.list({ query, scope: callerOf(response).scope });
    response.json({ success: true, data: page.map(toErasureView), ...(next === undefined ? {} : { next }) });
  });

  router.get('/erasures/:id', allow('erasure.read'), async (request, response) => {
    const erasure = await erasures.find({ id: request.params.id, scope: callerOf(response).scope });
    response.json({ success: true, data: toErasureView(erasure) });
  });

  return router;
}

function answer(response: Response, { erasure, isChanged }: RequestedErasure): void {
  noteTarget(response, { erasureId: erasure.id });
  noteChange(response, isChanged);
  response.status(202).location(`/api/ehr/erasures/${erasure.id}`);
  response.json({ success: true, data: toErasureView(erasure) });
}

/** The patient is who the event is about, not a part of its target. */
function notePatient(
  response: Response,
  { connectionId, patientId }: { readonly connectionId: string; readonly patientId: string },
): void {
  noteTarget(response, { connectionId });
  notePatients(response, [patientId.slice(0, 200)]);
}

function actorOf(response: Response): AuditActor {
  const { apiKey, via } = callerOf(response);
  return { kind: via, id: apiKey.id, name: apiKey.name, role: apiKey.role };
}
