import { documentAnswer, openFile } from '@bulkhead/ehr-client';
import { openBinaryJson, parseMediaType, readAttachments } from '@bulkhead/fhir';
import type { Connection } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import type { DocumentSkipReason, PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';
import { attachmentFingerprint } from './with-documents.ts';

export interface OpenedDocument {
  /** From `startOffset`. @throws AppError where it breaks off. */
  readonly body: AsyncIterable<Buffer>;
  readonly startOffset: number;
  /** Undefined where a cut could not be resumed. */
  readonly etag: string | undefined;
  readonly endIsProven: boolean;
  /** The least that comes, where the server says so. */
  readonly expectedBytes: number;
  /** Of the answer; of a Binary in JSON known at its end. */
  contentType(): string | undefined;
  close(): void;
}

interface OpenOptions {
  readonly document: PatientDocument;
  readonly connection: Connection;
  readonly resume: { readonly offset: number; readonly etag: string } | undefined;
  readonly signal: AbortSignal;
}

/** A document's content, from wherever it is: the EHR, another server, or the resource itself. */
export function openDocument(deps: DocumentDeps, options: OpenOptions): Promise<OpenedDocument> {
  return options.document.url === undefined ? openInline(deps, options) : openByUrl(deps, options);
}

async function openByUrl({ ehr }: DocumentDeps, options: OpenOptions): Promise<OpenedDocument> {
  const { document, connection, resume, signal } = options;
  const url = resolve(document.url ?? '', connection);
  const opened = await openFile({
    session: ehr.session(connection),
    url: url.href,
    // At another origin the link has to be enough.
    requiresAccessToken: url.origin === new URL(connection.fhirEndpoint).origin,
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
    const whole = { startOffset, etag, endIsProven, expectedBytes, contentType: () => contentType, close };
    return { ...whole, body: untilCut(body) };
  }
  const binary = openBinaryJson(body);
  return {
    body: untilCut(binary.bytes),
    startOffset: 0,
    // A byte of the document is not a byte of the answer.
    etag: undefined,
    endIsProven: true,
    // Base64 takes four characters for three bytes, and what is around it is far less than the rest.
    expectedBytes: Math.max(Math.floor((contentLength * 3) / 4) - 1024, 0),
    contentType: binary.contentType,
    close,
  };
}

/** Read from the resource again, which stays as it was received. */
async function openInline({ store }: DocumentDeps, { document }: OpenOptions): Promise<OpenedDocument> {
  const { connectionId, resource, index, fingerprint } = document;
  const found = await store.resources.read({ connectionId, resourceType: resource.type, resourceId: resource.id });
  if (!found || found.deleted) throw resourceGone();
  const attachment = readAttachments(found.resource as object).find((one) => one.index === index);
  if (!attachment || attachmentFingerprint(attachment, resource.versionId) !== fingerprint) throw resourceChanged();
  const text = (attachment.data ?? '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw notBase64();
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
  // A fragment is a resource inside of this one, which R4 does not give a Binary's content.
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
    // Not `yield*`: what the reader throws must not look like a cut.
    for await (const bytes of body) yield bytes;
  } catch (cause) {
    throw cause instanceof SyntaxError ? notUnderstood(cause) : interrupted(cause);
  }
}

function interrupted(cause: unknown): AppError {
  return new AppError({
    code: 'document-interrupted',
    message:
      'The document did not come to its end. It is fetched again, from its last stored part where the EHR allows.',
    retry: 'later',
    cause,
  });
}

function notUnderstood(cause: unknown): AppError {
  return new AppError({
    code: 'document-not-understood',
    message: 'The EHR answers with FHIR JSON that is no whole Binary with data. It is asked again.',
    retry: 'later',
    cause,
  });
}

function resourceGone(): AppError {
  return new AppError({
    code: 'document-resource-gone',
    message: 'The document was inside of a resource that is deleted.',
    retry: 'never',
  });
}

function resourceChanged(): AppError {
  return new AppError({
    code: 'document-resource-changed',
    message: 'The resource that holds the document has changed meanwhile. Its next version brings it again.',
    retry: 'later',
  });
}

function notBase64(): AppError {
  return new AppError({
    code: 'document-not-base64',
    message: "The data inside of the resource is no base64. See the resource itself, and the EHR's support.",
    retry: 'never',
  });
}

/** A document that this deployment does not take. */
export class DocumentSkip extends AppError {
  readonly reason: DocumentSkipReason;

  constructor(reason: DocumentSkipReason) {
    super({
      code: 'document-skipped',
      message: 'The document is left out: its reason says why.',
      retry: 'never',
      context: { reason },
    });
    this.reason = reason;
  }
}
