import { type Request, type RequestHandler, Router } from 'express';
import { buildManifest } from '../export/build-manifest.ts';
import type { BulkExport } from '../export/bulk-export.ts';
import { endpoint } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { exactAccept } from '../judge/exact-accept.ts';
import type { Simulator } from '../simulator.ts';

/** `bulkstatus/:id`: progress, manifest, and DELETE. */
export function bulkStatusRoute(simulator: Simulator): Router {
  const router = Router();
  router.get(
    '/fhir/r4/bulkstatus/:id',
    endpoint({ simulator, auth: 'token', handle: (req) => status({ simulator, req }) }),
  );
  router.delete(
    '/fhir/r4/bulkstatus/:id',
    noteDelete(simulator),
    endpoint({ simulator, auth: 'token', handle: (req) => remove({ simulator, req }) }),
  );
  return router;
}

interface StatusInput {
  readonly simulator: Simulator;
  readonly req: Request;
}

function status({ simulator, req }: StatusInput): Reply {
  const enforce = simulator.options.strictAccept;
  exactAccept({ simulator, req, mediaType: 'application/json', what: 'status', enforce });
  const bulkExport = simulator.exports.find(String(req.params.id));
  if (!bulkExport) throw unknownExport();
  const state = simulator.exports.state(bulkExport);
  bulkExport.pollCount += 1;
  switch (state) {
    case 'in-progress':
      return running({ simulator, bulkExport });
    case 'complete':
      return complete({ simulator, bulkExport });
    case 'failed':
      throw new OutcomeError({ status: 500, code: 'exception', text: 'The export failed.' });
    case 'gone':
      throw new OutcomeError({ status: 410, code: 'deleted', text: 'The export is gone.' });
    default:
      throw unknownExport();
  }
}

interface AnswerInput {
  readonly simulator: Simulator;
  readonly bulkExport: BulkExport;
}

function running({ simulator, bulkExport }: AnswerInput): Reply {
  const headers = {
    'x-progress': `in progress: ${Math.floor(simulator.exports.progress(bulkExport) * 100)} %`,
    'retry-after': String(simulator.options.retryAfterSeconds),
  };
  return { status: 202, headers };
}

function complete({ simulator, bulkExport }: AnswerInput): Reply {
  const expiresAtMs = simulator.links.expiresAtMs();
  const expires = expiresAtMs === undefined ? {} : { expires: new Date(expiresAtMs).toUTCString() };
  const headers = { 'content-type': 'application/json', ...expires };
  return { status: 200, headers, document: buildManifest({ simulator, bulkExport }) };
}

/** Before any fault: what the client did counts, not what it was told. */
function noteDelete({ exports }: Simulator): RequestHandler {
  return (req, _res, next) => {
    const bulkExport = exports.find(String(req.params.id));
    if (bulkExport) bulkExport.deleteCount += 1;
    next();
  };
}

function remove({ simulator, req }: StatusInput): Reply {
  if (!simulator.exports.remove(String(req.params.id))) throw unknownExport();
  return { status: 202, headers: {} };
}

function unknownExport(): OutcomeError {
  return new OutcomeError({ status: 404, code: 'not-found', text: 'There is no such export.' });
}
