import type { AppError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { type MediaType, parseMediaType } from '@bulkhead/fhir';
import type { JobContext } from '@bulkhead/queues';
import type { Claim } from '@bulkhead/store';
import { contentTypeVerdict } from '../content-type-policy.ts';
import { documentError } from '../errors.ts';
import type { DocumentNote, PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';
import { DocumentUpload } from './document-upload.ts';
import { DocumentSkip, type OpenedDocument, openDocument } from './open-document.ts';

interface Download {
  readonly document: PatientDocument;
  readonly claim: Claim;
  readonly connection: Connection;
  /** Called after each stored part. */
  readonly progress: JobContext['progress'];
  readonly signal: AbortSignal;
}

/**
 * Downloads a document into the database. It resumes at the last part of the previous attempt, if the EHR still has the same content.
 * @returns false if another attempt has taken over
 * @throws DocumentSkip
 */
export async function downloadDocument(
  deps: DocumentDeps<'documentContents' | 'documents' | 'resources'>,
  download: Download,
): Promise<boolean> {
  const { document, connection, signal } = download;
  const { declaredSize = 0 } = document;
  // Skip the document without a request if its resource states an unwanted type or size.
  const declared = parseMediaType(document.contentType);
  if (declared) checkType(deps, declared);
  if (declaredSize > deps.documents.maxBytes) throw new DocumentSkip('too-large');
  const opened = await openDocument(deps, { document, connection, resume: resumeOf(document), signal });
  try {
    return await storeContent(deps, download, opened);
  } finally {
    opened.close();
  }
}

async function storeContent(
  deps: DocumentDeps<'documentContents' | 'documents' | 'resources'>,
  download: Download,
  opened: OpenedDocument,
): Promise<boolean> {
  const { store, documents: settings, now } = deps;
  const { document, claim } = download;
  const { maxBytes } = settings;
  if (opened.expectedBytes > maxBytes) throw new DocumentSkip('too-large');
  if (opened.contentType() !== undefined) checkType(deps, typeOf(document, opened));
  const upload = await beginUpload(deps, download, opened);
  if (!upload) return false;
  try {
    for await (const bytes of opened.body) {
      if (upload.sizeBytes + bytes.length > maxBytes) throw new DocumentSkip('too-large');
      if (!(await upload.write(bytes))) return false;
    }
    const type = typeOf(document, opened);
    checkType(deps, type);
    const { sha1, ...content } = await upload.end();
    const notes = checkDocument(document, { ...content, sha1, endIsProven: opened.endIsProven });
    const declared = parseMediaType(document.contentType)?.mediaType;
    if (declared !== undefined && declared !== type.mediaType) notes.push('type-differs');
    const isResumed = opened.startOffset > 0;
    await insertContent(deps, { connectionId: document.connectionId, content, isResumed });
    await noteShownUrl(deps, document);
    const { sha256, sizeBytes } = content;
    return await store.documents.store(claim, { sha256, sizeBytes, storedType: toText(type), notes, now: now() });
  } finally {
    await upload.close();
  }
}

/**
 * From now on the attachment is shown with the URL of its content here, so readers of changes must see its resource again. This is noted
 * before the content is stored: a reader of this moment reads the last minutes again, and a crash in between repeats both.
 */
async function noteShownUrl(
  { store }: DocumentDeps<'resources'>,
  { connectionId, resource, url }: PatientDocument,
): Promise<void> {
  const { type: resourceType, id: resourceId } = resource;
  if (url !== undefined) await store.resources.markChanged({ connectionId, resourceType, resourceId });
}

/** Makes the upload a content, or removes it if an equal content is already stored. */
async function insertContent(
  { store, now }: DocumentDeps<'documentContents'>,
  options: {
    readonly connectionId: string;
    readonly content: Omit<Awaited<ReturnType<DocumentUpload['end']>>, 'sha1'>;
    readonly isResumed: boolean;
  },
): Promise<void> {
  const { connectionId, isResumed } = options;
  const { inline, ...upload } = options.content;
  const content = { connectionId, ...upload, createdAt: now() };
  if (inline) return store.documentContents.put(content, inline);
  const inserted = await store.documentContents.insert(content);
  // Only an earlier attempt at the same upload can have left files.
  if (inserted.upload !== content.upload) await store.documentContents.remove(content);
  else if (isResumed) await store.documentContents.removeLeftovers(inserted);
}

/** @returns undefined if another attempt has taken over */
async function beginUpload(
  { store, documents: settings }: DocumentDeps<'documentContents' | 'documents'>,
  { document, claim, progress: report }: Download,
  opened: OpenedDocument,
): Promise<DocumentUpload | undefined> {
  const { progress, fingerprint } = document;
  const contents = store.documentContents;
  const save = async (next: PatientDocument['progress']) => {
    const isSaved = await store.documents.saveProgress(claim, next);
    if (next) report();
    return isSaved;
  };
  if (progress && opened.startOffset > 0) return DocumentUpload.resume({ document, contents, save }, progress);
  const { partBytes } = settings;
  const upload = DocumentUpload.begin({ document, contents, save }, { fingerprint, partBytes, etag: opened.etag });
  if (!progress) return upload;
  // The stored parts belong to another content or cannot be resumed.
  if (!(await store.documents.isHeld(claim))) return undefined;
  await contents.remove(progress);
  return (await save(undefined)) ? upload : undefined;
}

function resumeOf({ progress, fingerprint }: PatientDocument) {
  if (progress?.etag === undefined || progress.fingerprint !== fingerprint || progress.parts.length === 0)
    return undefined;
  return { offset: progress.parts.length * progress.partBytes, etag: progress.etag };
}

/** The content type of the response or, if that only says that the content is binary, of the resource. */
function typeOf({ contentType: declared }: PatientDocument, { contentType }: OpenedDocument): MediaType {
  const answered = parseMediaType(contentType());
  const isSpecific = answered && !/^(application|binary)\/octet-stream$/.test(answered.mediaType);
  return (isSpecific ? answered : parseMediaType(declared)) ?? { mediaType: 'application/octet-stream' };
}

function checkType({ documents: { withMedia } }: DocumentDeps<never>, { mediaType }: MediaType): void {
  if (contentTypeVerdict({ mediaType, withMedia }) === 'refused') throw new DocumentSkip('content-type');
}

function toText({ mediaType, charset }: MediaType): string {
  return charset === undefined ? mediaType : `${mediaType}; charset=${charset}`;
}

interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha1: string;
  readonly sha256: string;
}

/**
 * Compares a content with the statements of its attachment.
 * @returns notes for readers
 * @throws AppError `document-mismatch`
 */
function checkDocument(
  { declaredSize, declaredHash, url }: Pick<PatientDocument, 'declaredSize' | 'declaredHash' | 'url'>,
  content: Content & { readonly endIsProven: boolean },
): DocumentNote[] {
  const notes: DocumentNote[] = [];
  const declared = declaredHash === undefined ? undefined : readHash(declaredHash);
  if (declared && content[declared.algorithm] !== declared.digest) throw mismatch('hash', url);
  if (declaredHash !== undefined && !declared) notes.push('hash-not-understood');
  if (declaredSize !== undefined && declaredSize !== content.sizeBytes) {
    // The hash proves the content. Some servers state the number of its base64 characters as the size.
    if (!declared) throw mismatch('size', url);
    notes.push('size-differs');
  }
  if (!content.endIsProven && !declared && declaredSize === undefined) notes.push('end-not-proven');
  return notes;
}

/** R4 has SHA-1 in base64 (https://hl7.org/fhir/R4/datatypes.html#Attachment). Some servers send SHA-256, or hexadecimal digits. */
function readHash(text: string): { readonly algorithm: 'sha1' | 'sha256'; readonly digest: string } | undefined {
  const isHex = /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
  const digest = isHex ? text.toLowerCase() : Buffer.from(text, 'base64').toString('hex');
  const algorithm = ({ 40: 'sha1', 64: 'sha256' } as const)[digest.length];
  return algorithm && { algorithm, digest };
}

function mismatch(reason: 'hash' | 'size', url: string | undefined): AppError {
  // Data inside the resource is the same at every attempt. Only another version of the resource changes it.
  const isInline = url === undefined;
  return documentError('document-mismatch', {
    message: isInline
      ? `The data inside the resource does not have the ${reason} that the resource gives. Contact the EHR's support.`
      : `The document does not have the ${reason} that its resource gives. It is downloaded again.`,
    retry: isInline ? 'never' : 'later',
    context: { reason },
  });
}
