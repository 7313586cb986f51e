import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { BulkExport, ExportFile } from '../export/bulk-export.ts';
import { readFile } from '../export/read-file.ts';
import { endpoint } from '../http/endpoint.ts';
import { exchangeOf } from '../http/exchange.ts';
import { OutcomeError } from '../http/outcome-error.ts';
import { parseRange } from '../http/parse-range.ts';
import type { Reply } from '../http/reply.ts';
import { exactAccept } from '../judge/exact-accept.ts';
import { authenticate } from '../oauth/authenticate.ts';
import type { Simulator } from '../simulator.ts';

interface FileInput {
  readonly simulator: Simulator;
  readonly req: Request;
}

/** `bulkdata/:exportId/:fileName`: output files, whole, compressed or in part. */
export function bulkFileRoute(simulator: Simulator): Router {
  const router = Router();
  const handle = (req: Request, res: Response) => {
    checkAccess({ simulator, req, res });
    return serve({ simulator, req, ...find({ simulator, req }) });
  };
  router.get('/fhir/r4/bulkdata/:exportId/:fileName', endpoint({ simulator, auth: 'none', handle }));
  return router;
}

/** `requiresAccessToken` cuts both ways: with true a token is due, with false it must stay at home. */
function checkAccess({ simulator, req, res }: FileInput & { readonly res: Response }): void {
  const { judge, options, links } = simulator;
  if (options.requiresAccessToken) authenticate({ simulator, req });
  else if (!exchangeOf(res).onFileHost && req.get('authorization') !== undefined) {
    judge.violate({ req, kind: 'token', reason: 'token sent although requiresAccessToken is false' });
  }
  const { exportId, fileName } = keyOf(req);
  links.check({ exportId, fileName, query: req.query });
  const enforce = options.strictAccept;
  exactAccept({ simulator, req, mediaType: 'application/fhir+ndjson', what: 'file', enforce });
}

interface FoundFile {
  readonly bulkExport: BulkExport;
  readonly file: ExportFile;
}

function find({ simulator, req }: FileInput): FoundFile {
  const { exportId, fileName } = keyOf(req);
  const bulkExport = simulator.exports.get(exportId);
  const file = bulkExport?.files.find(({ name }) => name === fileName);
  if (bulkExport && file) return { bulkExport, file };
  throw new OutcomeError({ status: 404, code: 'not-found', text: 'There is no such file.' });
}

function keyOf(req: Request): { readonly exportId: string; readonly fileName: string } {
  return { exportId: String(req.params.exportId), fileName: String(req.params.fileName) };
}

function serve({ simulator: { practice }, req, bulkExport, file }: FileInput & FoundFile): Reply {
  const { sizeBytes } = file;
  const etag = etagOf({ bulkExport, file });
  const headers = {
    'content-type': 'application/fhir+ndjson',
    'accept-ranges': 'bytes',
    vary: 'Accept-Encoding',
    etag,
    'last-modified': new Date(bulkExport.transactionTimeMs).toUTCString(),
  };
  const ifRange = req.get('if-range');
  const header = ifRange === undefined || ifRange === etag ? req.get('range') : undefined;
  const range = parseRange({ header, sizeBytes });
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${sizeBytes}` } };
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const body = readFile({ practice, bulkExport, file, range: { first, last } });
  const withLength = { ...headers, 'content-length': String(last - first + 1) };
  if (range) {
    return { status: 206, headers: { ...withLength, 'content-range': `bytes ${first}-${last}/${sizeBytes}` }, body };
  }
  const gzip = req.get('range') === undefined && /\bgzip\b/.test(req.get('accept-encoding') ?? '');
  return { status: 200, headers: withLength, body, gzip };
}

/**
 * Strong, and the same for the compressed form: a client that lost a compressed transfer may go on in the plain bytes
 * with it. It never changes, as the export is a snapshot.
 */
function etagOf({ bulkExport, file }: FoundFile): string {
  const identity = `${bulkExport.id}/${file.name}/${file.sizeBytes}`;
  return `"${createHash('sha1').update(identity).digest('base64url')}"`;
}
