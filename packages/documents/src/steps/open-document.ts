import { AppError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { documentAnswer, openFile } from '@bulkhead/ehr';
import { openBinaryJson, parseMediaType, readAttachments } from '@bulkhead/fhir';
import { documentError } from '../errors.ts';
import type { DocumentSkipReason, PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';
import { attachmentFingerprint } from './note-documents.ts';

export interface OpenedDocument {
  /** The bytes from `startOffset` on. @throws AppError if the connection is lost */
  readonly body: AsyncIterable<Buffer>;
  readonly startOffset: number;
  /** Undefined if the download cannot be resumed. */
  readonly etag: string | undefined;
  readonly endIsProven: boolean;
  /** The minimum size of the content, if the server states one. */
  readonly expectedBytes: number;
  /** The type of the content. For a Binary in JSON it is known only at the end. */
  contentType(): string | undefined;
  close(): void;
}

interface OpenOptions {
  readonly document: PatientDocument;
  readonly connection: Connection;
  readonly resume: { readonly offset: number; readonly etag: string } | undefined;
  readonly signal: AbortSignal;
}

/** Opens the content of a document: at the EHR, at another server, or inside the resource. */
export function openDocument(deps: DocumentDeps<'resources'>, options: OpenOptions): Promise<OpenedDocument> {
  return options.document.url === undefined ? openInline(deps, options) : openByUrl(deps, options);
}

async function openByUrl({ ehr }: DocumentDeps<never>, options: OpenOptions): Promise<OpenedDocument> {
  const { document, connection, resume, signal } = options;
  const url = resolve(document.url ?? '', connection);
  const session = ehr.session(connection);
  const opened = await openFile({
    session,
    url: url.href,
    // Another origin does not get the token.
    requiresAccessToken: session.mayHaveToken(url.href),
    answer: documentAnswer,
    accept: parseMediaType(document.contentType)?.mediaType ?? '*/*',
    priority: 'crawl',
    compressed: false,
    resume,
    signal,
  });
  const { body, contentType, contentLength = 0, startOffset, endIsProven, etag } = opened;
  const close = () => void body.destroy();
  if (!isBinaryJson(url, contentType)) {
    const expectedBytes = startOffset + contentLength;
    const source = { startOffset, etag, endIsProven, expectedBytes, contentType: () => contentType, close };
    return { ...source, body: untilCut(body) };
  }
  const binary = openBinaryJson(body);
  return {
    body: untilCut(binary.bytes),
    startOffset: 0,
    // A position in the document is not a position in the response, so it cannot be resumed.
    etag: undefined,
    endIsProven: true,
    // Base64 has four characters for three bytes, and the rest of the JSON is assumed to have less than 1 kB.
    expectedBytes: Math.max(Math.floor((contentLength * 3) / 4) - 1024, 0),
    contentType: binary.contentType,
    close,
  };
}

/** Opens the data inside the resource, which is stored as it was received. */
async function openInline({ store }: DocumentDeps<'resources'>, { document }: OpenOptions): Promise<OpenedDocument> {
  const { connectionId, resource, index, fingerprint } = document;
  const current = await store.resources.read({ connectionId, resourceType: resource.type, resourceId: resource.id });
  if (!current || current.deleted) throw documentError('document-resource-gone');
  const attachment = readAttachments(current.resource as object).find((candidate) => candidate.index === index);
  if (!attachment || attachmentFingerprint(attachment, resource.versionId) !== fingerprint)
    throw documentError('document-resource-changed');
  const text = (attachment.data ?? '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw documentError('document-not-base64');
  const bytes = Buffer.from(text, 'base64');
  return {
    body: (async function* () {
      yield bytes;
    })(),
    startOffset: 0,
    etag: undefined,
    endIsProven: true,
    expectedBytes: bytes.length,
    contentType: () => document.contentType,
    close: () => undefined,
  };
}

function resolve(url: string, { fhirEndpoint }: Connection): URL {
  const base = `${fhirEndpoint.replace(/\/$/, '')}/`;
  // A fragment names a contained resource, which in R4 cannot have the content of a Binary.
  if (url.startsWith('#') || !URL.canParse(url, base)) throw new DocumentSkip('unusable-url');
  const resolved = new URL(url, base);
  if (!/^https?:$/.test(resolved.protocol)) throw new DocumentSkip('unusable-url');
  return resolved;
}

/** A server may answer with the resource instead of its content (https://hl7.org/fhir/R4/binary.html#rest). */
function isBinaryJson({ pathname }: URL, contentType: string | undefined): boolean {
  const { mediaType } = parseMediaType(contentType) ?? {};
  if (mediaType !== 'application/fhir+json' && mediaType !== 'application/json+fhir') return false;
  return /\/Binary\/[^/]+(\/_history\/[^/]+)?$/.test(pathname);
}

async function* untilCut(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    // `yield*` would also catch errors of the reader, and they would look like a lost connection.
    for await (const bytes of body) yield bytes;
  } catch (cause) {
    throw cause instanceof SyntaxError ? notUnderstood(cause) : interrupted(cause);
  }
}

function interrupted(cause: unknown): AppError {
  return documentError('document-interrupted', { cause });
}

function notUnderstood(cause: unknown): AppError {
  return documentError('document-not-understood', { cause });
}

/** Thrown for a document that this deployment does not fetch. */
export class DocumentSkip extends AppError {
  readonly reason: DocumentSkipReason;

  constructor(reason: DocumentSkipReason) {
    super({
      code: 'document-skipped',
      message: 'The document is skipped. See its reason.',
      retry: 'never',
      context: { reason },
    });
    this.reason = reason;
  }
}
