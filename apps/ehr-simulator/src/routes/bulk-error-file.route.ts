import { type Request, Router } from 'express';
import { endpoint } from '../http/endpoint.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';

/** The error files that the `error-file` fault puts into manifests: one OperationOutcome each. */
export function bulkErrorFileRoute(simulator: Simulator): Router {
  const router = Router();
  const auth = simulator.options.requiresAccessToken ? 'token' : 'none';
  router.get('/fhir/r4/bulkerrors/:severity/:fileName', endpoint({ simulator, auth, handle: errorFile }));
  return router;
}

function errorFile(req: Request): Reply {
  const type = String(req.params.fileName).replace(/\.ndjson$/, '');
  const text = `${type} could not be exported completely.`;
  const issue = [{ severity: req.params.severity, code: 'incomplete', details: { text }, diagnostics: text }];
  const line = JSON.stringify({ resourceType: 'OperationOutcome', issue });
  return { status: 200, headers: { 'content-type': 'application/fhir+ndjson' }, body: Buffer.from(`${line}\n`) };
}
