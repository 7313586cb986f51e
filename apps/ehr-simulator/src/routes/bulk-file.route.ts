import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { BulkExport, ExportFile } from '../export/bulk-export.ts';
import { filesNeedToken } from '../export/files-need-token.ts';
import { readFile } from '../export/read-file.ts';
import { serveContent } from '../export/serve-content.ts';
import { endpoint, exchangeOf } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { ByteRange } from '../http/parse-range.ts';
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
    return serve({ simulator, req, res, ...find({ simulator, req }) });
  };
  router.get('/fhir/r4/bulkdata/:exportId/:fileName', endpoint({ simulator, auth: 'none', handle }));
  return router;
}

/** `requiresAccessToken` cuts both ways: with true a token is due, with false it must stay at home. */
function checkAccess({ simulator, req, res }: FileInput & { readonly res: Response }): void {
  const { judge, options, links } = simulator;
  // On the file host the middleware has looked: there, any token is one too many.
  if (!exchangeOf(res).onFileHost) {
    if (filesNeedToken(options)) authenticate({ simulator, req });
    else if (req.get('authorization') !== undefined) {
      judge.violate({ req, kind: 'token', reason: 'token sent although requiresAccessToken is false' });
    }
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

interface ServeInput extends FileInput, FoundFile {
  readonly res: Response;
}

function serve({ simulator: { practice }, req, res, bulkExport, file }: ServeInput): Promise<Reply> {
  const content = {
    sizeBytes: file.sizeBytes,
    etag: etagOf({ bulkExport, file }),
    read: (range: ByteRange) => readFile({ practice, bulkExport, file, range }),
  };
  return serveContent({ req, res, content, lastModifiedMs: bulkExport.transactionTimeMs });
}

/**
 * Strong, and the same for the compressed form: a client that lost a compressed transfer may go on in the plain bytes
 * with it. It changes when the files are made anew, and else never, as the export is a snapshot.
 */
function etagOf({ bulkExport, file }: FoundFile): string {
  const identity = `${bulkExport.id}/${file.name}/${file.sizeBytes}/${bulkExport.asOf}`;
  return `"${createHash('sha1').update(identity).digest('base64url')}"`;
}
