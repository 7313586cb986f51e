import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, anyPatient, type PatientDocument } from '@bulkhead/domain';
import { type DocumentService, documentQuerySchema, type OpenedDocument, toDocumentView } from '@bulkhead/service';
import { type Request, type Response, Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { noteChange, notePatients, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';
import { readByteRange } from './byte-range.ts';

/** The documents of DiagnosticReport and DocumentReference: their records, and their contents as they came. */
export function documentRoutes({ documents }: { readonly documents: DocumentService }): Router {
  const router = Router();

  router.get('/:provider/documents', allow('document.list'), async (request, response) => {
    const query = parseRequest(documentQuerySchema, request.query);
    const { provider } = request.params;
    const { scope } = callerOf(response);
    const { documents: page, next } = await documents.list({ provider, query, scope });
    notePatients(response, [...(query.patient === undefined ? [] : [query.patient]), ...page.map(patientOf)]);
    response.json({ success: true, data: page.map(toDocumentView), ...(next === undefined ? {} : { next }) });
  });

  router.get('/:provider/documents/:id', allow('document.read'), async (request, response) => {
    const which = { ...request.params, scope: callerOf(response).scope };
    noteDocument(response, await documents.find(which));
    const document = await documents.open(which);
    try {
      await sendDocument({ request, response, document });
    } catch (error) {
      // Whoever asked is gone, or has to see that the content is cut: the connection ends before the length that was said.
      if (!response.headersSent) throw error;
      response.destroy();
    }
  });

  router.get('/:provider/documents/:id/metadata', allow('document.describe'), async (request, response) => {
    const document = await documents.find({ ...request.params, scope: callerOf(response).scope });
    noteDocument(response, document);
    response.json({ success: true, data: toDocumentView(document) });
  });

  router.post('/:provider/documents/:id/retry', allow('document.retry'), async (request, response) => {
    const which = { ...request.params, scope: callerOf(response).scope };
    noteDocument(response, await documents.find(which));
    const document = await documents.retry(which);
    response.status(202).json({ success: true, data: toDocumentView(document) });
  });

  return router;
}

/** A document whose resource names no patient can be of any. */
function patientOf({ patientId = anyPatient }: PatientDocument): string {
  return patientId;
}

function noteDocument(response: Response, document: PatientDocument): void {
  noteTarget(response, { connectionId: document.connectionId });
  notePatients(response, [patientOf(document)]);
}

async function sendDocument(options: {
  readonly request: Request;
  readonly response: Response;
  readonly document: OpenedDocument;
}): Promise<void> {
  const { request, response, document } = options;
  const { sha256, sizeBytes, contentType, fileName } = document;
  const etag = `"${sha256}"`;
  response.attachment(fileName);
  response.set({
    'content-type': contentType,
    etag,
    'accept-ranges': 'bytes',
    // A browser that shows it all the same runs nothing of it.
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  });
  if (matches(request.get('if-none-match'), etag)) {
    noteChange(response, false);
    response.status(304).end();
    return;
  }
  const ifRange = request.get('if-range');
  const header = ifRange === undefined || ifRange === etag ? request.get('range') : undefined;
  const range = readByteRange({ header, sizeBytes });
  if (range === 'unsatisfiable') throw unsatisfiable(response, sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  if (range) response.status(206).set('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
  response.set('content-length', String(end - start));
  if (request.method === 'HEAD' || end === start) {
    response.end();
    return;
  }
  await pipeline(Readable.from(document.read({ start, end })), response);
}

/** RFC 9110 13.1.2; a weak comparison. */
function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

function unsatisfiable(response: Response, sizeBytes: number): AppError {
  response.removeHeader('content-disposition');
  response.removeHeader('content-type');
  response.removeHeader('etag');
  response.set('content-range', `bytes */${sizeBytes}`);
  return new AppError({
    code: 'range-not-satisfiable',
    message: 'The document ends before the range begins. Content-Range has its length.',
    retry: 'never',
  });
}
