import { ignoredText, writeManifest } from '@bulkhead/fhir/bulk-server';
import { type RequestHandler, Router } from 'express';
import { endpoint, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { checkAccept } from './check-accept.ts';
import { errorFilePath } from './error-file.ts';
import { filesNeedToken } from './file-links.ts';

/** `bulkstatus/:id`: progress, manifest and DELETE. */
export function bulkStatusRoute(simulator: Simulator): Router {
  const router = Router();
  const path = '/fhir/r4/bulkstatus/:id';
  router.get(path, endpoint({ simulator, auth: 'token', handle: status }));
  router.delete(path, noteDelete(simulator), endpoint({ simulator, auth: 'token', handle: remove }));
  return router;
}

function status(input: HandleInput): Reply {
  checkAccept(input, 'status');
  const { simulator, req } = input;
  const bulkExport = simulator.exports.find(String(req.params.id));
  if (!bulkExport) throw unknownExport();
  const state = simulator.exports.state(bulkExport);
  bulkExport.pollCount += 1;
  switch (state) {
    case 'in-progress':
      return running(simulator, bulkExport);
    case 'complete':
      return complete(simulator, bulkExport);
    case 'failed':
      throw new OutcomeError({ status: 500, code: 'exception', text: 'The export failed.' });
    case 'gone':
      throw new OutcomeError({ status: 410, code: 'deleted', text: 'The export is gone.' });
    default:
      throw unknownExport();
  }
}

function running(simulator: Simulator, bulkExport: BulkExport): Reply {
  const headers = {
    'x-progress': `in progress: ${Math.floor(simulator.exports.progress(bulkExport) * 100)} %`,
    'retry-after': String(simulator.options.retryAfterSeconds),
  };
  return { status: 202, headers };
}

function complete(simulator: Simulator, bulkExport: BulkExport): Reply {
  const expiresAtMs = simulator.links.expiresAtMs();
  const expires = expiresAtMs === undefined ? {} : { expires: new Date(expiresAtMs).toUTCString() };
  const headers = { 'content-type': 'application/json', ...expires };
  return { status: 200, headers, document: buildManifest(simulator, bulkExport) };
}

/** Counts a DELETE before any fault, because the count is of what the client sent. */
function noteDelete({ exports }: Simulator): RequestHandler {
  return (req, _res, next) => {
    const bulkExport = exports.find(String(req.params.id));
    if (bulkExport) bulkExport.deleteCount += 1;
    next();
  };
}

function remove({ simulator, req }: HandleInput): Reply {
  if (!simulator.exports.remove(String(req.params.id))) throw unknownExport();
  return { status: simulator.options.deleteStatus, headers: {} };
}

function unknownExport(): OutcomeError {
  return new OutcomeError({ status: 404, code: 'not-found', text: 'The export does not exist.' });
}

export type Manifest = ReturnType<typeof buildManifest>;
export type ManifestFile = Manifest['output'][number];

/** FHIR Bulk Data, "Kick-off Request": a server that ignores a parameter SHOULD include an OperationOutcome for it. */
function ignoredEntries(simulator: Simulator, { ignored }: BulkExport) {
  if (ignored.length === 0) return [];
  const outcomes = ignored.map((name) => {
    return [{ severity: 'warning' as const, code: 'not-supported', text: ignoredText(name) }];
  });
  const url = simulator.fhirEndpoint() + errorFilePath('OperationOutcome', outcomes);
  return [{ type: 'OperationOutcome', url, count: ignored.length }];
}

/** The answer to a status request of a complete export. Each one has new links. */
function buildManifest(simulator: Simulator, bulkExport: BulkExport) {
  const { links, options } = simulator;
  const entry = ({ type, name, count }: ExportFile) => {
    return { type, url: links.url({ base: simulator.fileEndpoint(), bulkExport, fileName: name }), count };
  };
  const ofKind = (kind: ExportFile['kind']) => bulkExport.files.filter((file) => file.kind === kind).map(entry);
  return writeManifest({
    transactionTime: new Date(bulkExport.transactionTimeMs),
    request: bulkExport.request,
    requiresAccessToken: filesNeedToken(options),
    output: ofKind('output'),
    deleted: ofKind('deleted'),
    error: ignoredEntries(simulator, bulkExport),
  });
}
