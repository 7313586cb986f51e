import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AppError } from '@bulkhead/base';
import type { PatientDocument } from '@bulkhead/documents';
import type { OpenedDocument } from '@bulkhead/documents/commands';
import { type AuditNotes, apiError, auditDocument, documentActions, endpointGroup } from '@bulkhead/http';
import type { ServingServices } from '@bulkhead/system/serving';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';

/** The headers of a request for a content. */
export const headersSchema = z.object({
  range: z
    .string()
    .optional()
    .describe(
      'A part of the content, such as `bytes=0-1023` (RFC 9110 14.2). A request for several ranges returns the whole content.',
    ),
  'if-none-match': z
    .string()
    .optional()
    .describe('The ETag of a copy. If the content is the same, the response is 304 without it.'),
  'if-range': z
    .string()
    .optional()
    .describe('The ETag of a part. If the content has changed, the whole of it is sent.'),
});

const readDocument = defineEndpoint({
  id: 'readDocument',
  route: 'GET /api/ehr/:provider/documents/:id',
  action: documentActions.read,
  summary: 'Return the content of a document',
  description:
    'Returns the stored bytes, as the EHR sent them, as an attachment. It supports `Range` and `If-None-Match`, so an interrupted download can be resumed. Every read is an event of the audit log.',
  request: { headers: headersSchema, readBody: 'never' },
  responses: {
    200: { description: 'The content', contentType: '*/*' },
    206: { description: 'The part that `Range` requests', contentType: '*/*' },
    304: { description: 'The content matches `If-None-Match`' },
  },
  errors: [
    'unknown-document',
    'unknown-connection',
    'document-not-stored',
    'document-deleted',
    'range-not-satisfiable',
  ],
  async handler(input) {
    const { params, caller, services } = input;
    await sendContent({ ...input, document: await services.documents.find({ ...params, scope: caller.scope }) });
  },
});

/** Sends the content of a document. @throws AppError `document-not-stored` */
export async function sendContent(options: {
  readonly document: PatientDocument;
  readonly headers: z.output<typeof headersSchema>;
  readonly services: Pick<ServingServices, 'documents'>;
  readonly audit: AuditNotes;
  readonly request: Request;
  readonly response: Response;
}): Promise<void> {
  const { document, services, response } = options;
  auditDocument(options.audit, document);
  const opened = await services.documents.open(document);
  try {
    await sendDocument({ ...options, document: opened });
  } catch (error) {
    // The connection is closed before the announced length, so that the client notices that the content is incomplete.
    if (!response.headersSent) throw error;
    response.destroy();
  }
}

async function sendDocument(options: {
  readonly document: OpenedDocument;
  readonly headers: z.output<typeof headersSchema>;
  readonly audit: AuditNotes;
  readonly request: Request;
  readonly response: Response;
}): Promise<void> {
  const { document, headers, audit, request, response } = options;
  const { sha256, sizeBytes, contentType, fileName } = document;
  const etag = `"${sha256}"`;
  response.attachment(fileName);
  response.set({
    'content-type': contentType,
    etag,
    'accept-ranges': 'bytes',
    // If a browser shows the document nevertheless, it runs none of its scripts.
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  });
  if (matches(headers['if-none-match'], etag)) {
    audit.setChanged(false);
    response.status(304).end();
    return;
  }
  const ifRange = headers['if-range'];
  const header = ifRange === undefined || ifRange === etag ? headers.range : undefined;
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

/** A weak comparison (RFC 9110 13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

function unsatisfiable(response: Response, sizeBytes: number): AppError {
  response.removeHeader('content-disposition');
  response.removeHeader('content-type');
  response.removeHeader('etag');
  response.set('content-range', `bytes */${sizeBytes}`);
  return apiError('range-not-satisfiable');
}

/** `end` is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a request asks for (RFC 9110 14.2).
 * @returns undefined if the whole document is sent: without a valid range, and for several ranges, which a server may ignore
 */
export function readByteRange({
  header,
  sizeBytes,
}: {
  readonly header: string | undefined;
  readonly sizeBytes: number;
}): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(sizeBytes - Number(last), 0);
    return start < sizeBytes ? { start, end: sizeBytes } : 'unsatisfiable';
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== '' && Number(last) < start) return undefined;
  return start < sizeBytes ? { start, end } : 'unsatisfiable';
}

/** A document whose resource names no patient can belong to any patient. */

/** The API has the other endpoints of the group. */
export const contentEndpoints = endpointGroup({ name: 'Documents', description: '', endpoints: [readDocument] });
