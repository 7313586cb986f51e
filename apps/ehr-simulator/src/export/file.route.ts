import { createHash } from 'node:crypto';
import { type Request, Router } from 'express';
import { endpoint, exchangeOf, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { authenticate } from '../oauth/authenticate.ts';
import type { Simulator } from '../simulator.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { changeContent } from './change-lines.ts';
import { checkAccept } from './check-accept.ts';
import { errorFileBytes } from './error-file.ts';
import { type ByteRange, cutBytes, type FileContent, parseRange, readFile } from './file-content.ts';
import { filesNeedToken } from './file-links.ts';

/**
 * `bulkdata/:exportId/:fileName`: output files, whole, compressed or in part. `bulkerrors/:lines/:fileName`: the error
 * files that the `error-file` fault adds to manifests, one OperationOutcome per line.
 */
export function bulkFileRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/bulkdata/:exportId/:fileName', endpoint({ simulator, auth: 'none', handle: outputFile }));
  router.get('/fhir/r4/bulkerrors/:lines/:fileName', endpoint({ simulator, auth: 'none', handle: errorFile }));
  return router;
}

/** If `requiresAccessToken` is true a token is required, otherwise a token is a violation. */
function checkAccess(input: HandleInput): void {
  const { simulator, req, res } = input;
  const { traffic, options, links } = simulator;
  // The middleware has already checked requests to the file host, where any token is a violation.
  if (!exchangeOf(res).onFileHost) {
    // `Observation.2.ndjson`. The file of deletions has no type.
    const [, type = ''] = /^([A-Z][A-Za-z]+)\./.exec(keyOf(req).fileName) ?? [];
    if (filesNeedToken(options)) authenticate(simulator, req, type);
    else if (req.get('authorization') !== undefined) {
      traffic.recordViolation({ req, kind: 'token', reason: 'token sent although requiresAccessToken is false' });
    }
  }
  links.check({ ...keyOf(req), query: req.query });
  checkAccept(input, 'file');
}

function keyOf(req: Request): { readonly exportId: string; readonly fileName: string } {
  return { exportId: String(req.params.exportId), fileName: String(req.params.fileName) };
}

function outputFile(input: HandleInput): Promise<Reply> {
  checkAccess(input);
  const { exports, practice } = input.simulator;
  const { exportId, fileName } = keyOf(input.req);
  const bulkExport = exports.get(exportId);
  const file = bulkExport?.files.find(({ name }) => name === fileName);
  if (!bulkExport || !file) {
    throw new OutcomeError({ status: 404, code: 'not-found', text: 'The file does not exist.' });
  }
  if (input.simulator.options.linksWorkOnce && wasUsed(input)) {
    throw new OutcomeError({ status: 410, code: 'expired', text: 'The link was used before.' });
  }
  const content = {
    sizeBytes: file.sizeBytes,
    etag: etagOf(bulkExport, file),
    lastModifiedMs: bulkExport.transactionTimeMs,
    read: (range: ByteRange) => readFile({ practice, bulkExport, file, range }),
  };
  return serveContent(input, content);
}

/** The signed links that were used. */
const usedLinks = new WeakMap<Simulator, Set<string>>();

function wasUsed({ simulator, req }: HandleInput): boolean {
  const used = usedLinks.get(simulator) ?? new Set();
  usedLinks.set(simulator, used);
  const isUsed = used.has(req.originalUrl);
  used.add(req.originalUrl);
  return isUsed;
}

/**
 * Strong, and the same for the compressed form, so that a client can resume a lost compressed transfer with plain
 * bytes. It changes only if the files are created again, because the export is a snapshot.
 */
function etagOf(bulkExport: BulkExport, file: ExportFile): string {
  const identity = `${bulkExport.id}/${file.name}/${file.sizeBytes}/${bulkExport.asOf}`;
  return `"${createHash('sha1').update(identity).digest('base64url')}"`;
}

function errorFile(input: HandleInput): Promise<Reply> {
  const { simulator, req } = input;
  if (filesNeedToken(simulator.options)) authenticate(simulator, req);
  const bytes = errorFileBytes(String(req.params.lines));
  const content = {
    sizeBytes: bytes.length,
    etag: `"${bytes.length}"`,
    // The URL determines the content, so it has never changed since the epoch.
    lastModifiedMs: 0,
    read: (range: ByteRange) => cutBytes([bytes], range),
  };
  return serveContent(input, content);
}

type ServedFile = FileContent & { readonly lastModifiedMs: number };

/** Serves a file with the faults of the request: whole, compressed if the client accepts gzip, or in part. */
async function serveContent({ req, res }: HandleInput, { lastModifiedMs, ...file }: ServedFile): Promise<Reply> {
  let content: FileContent = file;
  for (const { changeFile } of exchangeOf(res).faults) {
    if (changeFile) content = await changeContent(content, changeFile);
  }
  const { sizeBytes, etag } = content;
  const headers = {
    'content-type': 'application/fhir+ndjson',
    'accept-ranges': 'bytes',
    vary: 'Accept-Encoding',
    etag,
    'last-modified': new Date(lastModifiedMs).toUTCString(),
  };
  const ifRange = req.get('if-range');
  const header = ifRange === undefined || ifRange === etag ? req.get('range') : undefined;
  const range = parseRange(header, sizeBytes);
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${sizeBytes}` } };
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const body = content.read({ first, last });
  const withLength = { ...headers, 'content-length': String(last - first + 1) };
  if (range) {
    return { status: 206, headers: { ...withLength, 'content-range': `bytes ${first}-${last}/${sizeBytes}` }, body };
  }
  const gzip = req.get('range') === undefined && /\bgzip\b/.test(req.get('accept-encoding') ?? '');
  return { status: 200, headers: withLength, body, gzip };
}
