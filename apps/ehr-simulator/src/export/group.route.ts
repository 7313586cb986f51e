import { randomUUID } from 'node:crypto';
import { type RequestHandler, Router, text } from 'express';
import { z } from 'zod';
import { endpoint, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';

const reference = z.string().regex(/^Patient\/[A-Za-z0-9.-]+$/);
const bodySchemas = {
  member: z
    .strictObject({
      resourceType: z.literal('Group'),
      type: z.literal('person'),
      actual: z.literal(true),
      name: z.string(),
      member: z.array(z.strictObject({ entity: z.strictObject({ reference }) })).min(1),
    })
    .transform(({ member }) => member.map(({ entity }) => entity.reference.slice('Patient/'.length))),
  patientIds: z
    .strictObject({ resourceType: z.literal('Group'), name: z.string(), patientIds: z.array(z.string()).min(1) })
    .transform(({ patientIds }) => patientIds),
};

/** The Groups that clients make: POST of FHIR R4 or of NextGen Office, as its public description has it (2026-10), and DELETE. */
export function groupRoute(simulator: Simulator): Router {
  const router = Router();
  const onlyIfOn: RequestHandler = (_req, _res, next) => next(simulator.options.madeGroups ? undefined : 'route');
  const body = text({ type: () => true, limit: '1mb' });
  router.post('/fhir/r4/Group', onlyIfOn, body, endpoint({ simulator, auth: 'token', handle: make }));
  router.delete('/fhir/r4/Group/:id', onlyIfOn, endpoint({ simulator, auth: 'token', handle: remove }));
  return router;
}

async function make({ simulator, req }: HandleInput): Promise<Reply> {
  const { madeGroups = 'member' } = simulator.options;
  const parsed = bodySchemas[madeGroups].safeParse(JSON.parse(String(req.body)));
  const patients = parsed.success ? parsed.data : [];
  const found = await Promise.all(patients.map((id) => simulator.practice.read({ type: 'Patient', id })));
  if (found.length === 0 || found.includes(undefined))
    throw new OutcomeError({ status: 422, code: 'invalid', text: 'The patients of the Group are not known.' });
  const id = randomUUID();
  simulator.madeGroups.set(id, patients);
  const headers = { location: `${simulator.fhirEndpoint()}/Group/${id}` };
  return { status: 201, headers, document: { resourceType: 'Group', id } };
}

function remove({ simulator, req }: HandleInput): Reply {
  if (simulator.madeGroups.delete(String(req.params.id))) return { status: 200, headers: {} };
  throw new OutcomeError({ status: 404, code: 'not-found', text: 'The Group does not exist.' });
}
