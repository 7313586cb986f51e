import { type AppError, present, withoutSecrets } from '@bulkhead/base';
import type { ConnectionReader } from '@bulkhead/connections';
import {
  isResourceId,
  parseMediaType,
  type Resource,
  readAttachments,
  referencesTo,
  typesWithAttachments,
  withAttachmentUrls,
} from '@bulkhead/fhir';
import type { ResourceStore } from '@bulkhead/records';
import {
  type ConnectionScope,
  countSchema,
  forReader,
  isInScope,
  type ProviderReference,
  pageQuery,
  type Reader,
  readPage,
  totalQuery,
  type View,
  viewOf,
  viewShapeOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { contentTypeVerdict } from '../content-type-policy.ts';
import type { DocumentStore } from '../document.feature.ts';
import type { DocumentFilter } from '../document.repository.ts';
import { documentFileName } from '../document-file-name.ts';
import { documentError } from '../errors.ts';
import { documentStates, type PatientDocument, patientDocumentSchema } from '../patient-document.record.ts';

/** A stored document, ready to be sent. */
export interface OpenedDocument {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Active content is sent as `application/octet-stream`. See `contentTypeVerdict`. */
  readonly contentType: string;
  readonly fileName: string;
  /** @param range `end` is exclusive */
  read(range: { readonly start: number; readonly end: number }): AsyncIterable<Buffer>;
}

/** Lists and reads the documents of resources. */
export class DocumentService {
  readonly #options;

  constructor(options: {
    readonly store: DocumentStore & Pick<ResourceStore, 'resources'>;
    readonly connections: Pick<ConnectionReader, 'find' | 'findWithNames'>;
  }) {
    this.#options = options;
  }

  async find({ provider, id, scope }: ProviderReference): Promise<PatientDocument> {
    const document = await this.#options.store.documents.find(id);
    if (!document || !isInScope(scope, document.connectionId)) throw documentError('unknown-document');
    await this.#options.connections.find({ provider, id: document.connectionId, scope });
    return document;
  }

  /** Reads one page, in the order of ids. `next` is undefined on the last page. */
  async list(options: { readonly provider: string; readonly query: DocumentQuery; readonly scope: ConnectionScope }) {
    const { provider, query, scope } = options;
    const { connectionId } = query;
    await this.#options.connections.find({ provider, id: connectionId, scope });
    return readPage(query, {
      ids: /^doc_/,
      read: (page) => this.#options.store.documents.list({ filter: toFilter(query), ...page }),
      count: (limit) => this.#options.store.documents.count({ filter: toFilter(query), limit }),
    });
  }

  /**
   * Finds the document of a Binary: by the id that `shownAttachments` gives it, or by the URL of the attachment at the EHR.
   * @throws AppError `unknown-connection`
   */
  async findBinary(
    options: Omit<ProviderReference, 'id'> & { readonly connectionId: string; readonly binaryId: string },
  ) {
    const { provider, connectionId, scope, binaryId } = options;
    const { baseUrls } = await this.#options.connections.findWithNames({ provider, id: connectionId, scope });
    const own = await this.#options.store.documents.find(documentIdOf(binaryId));
    if (own?.connectionId === connectionId) return own;
    const urls = referencesTo({ type: 'Binary', id: binaryId }, baseUrls);
    const found = await this.#options.store.documents.findByUrl({ connectionId, urls });
    for (const document of found) if (await this.#isReferenced(document)) return document;
    return found[0];
  }

  /**
   * Gives the attachments whose content is stored here the URLs of their Binaries below `base`, so that a client can read them with its token.
   * @returns the resources that differ, by the given ones
   */
  async shownAttachments(options: {
    readonly connectionId: string;
    /** A FHIR base URL. */
    readonly base: string;
    readonly resources: readonly Resource[];
  }): Promise<ReadonlyMap<Resource, Resource>> {
    const { connectionId, base, resources } = options;
    const shown = new Map<Resource, Resource>();
    const candidates = resources.filter((resource) => readAttachments(resource).some(({ url }) => url !== undefined));
    if (candidates.length === 0) return shown;
    const stored = await this.#options.store.documents.listStored({ connectionId, resources: candidates });
    const byPlace = new Map(stored.map((document) => [placeOf(document.resource, document.index), document]));
    for (const resource of candidates) {
      const replaced = withAttachmentUrls(resource, ({ index, url }) => {
        const document = byPlace.get(placeOf({ type: resource.resourceType, id: resource.id }, index));
        // An attachment that has changed meanwhile has another content.
        return document?.url === url && document ? `${base}/Binary/${binaryIdOf(document.id)}` : undefined;
      });
      if (replaced) shown.set(resource, replaced);
    }
    return shown;
  }

  /**
   * @param document which the caller may read, because `find` or `findBinary` has found it
   * @throws AppError `document-not-stored`, `document-deleted`
   */
  async open(document: PatientDocument): Promise<OpenedDocument> {
    const { connectionId, resource, sha256, storedType } = document;
    if (!(await this.#isReferenced(document))) {
      const { type, id } = resource;
      throw documentError('document-deleted', { context: { reference: `${type}/${id}` } });
    }
    const content =
      document.state === 'stored' && sha256 !== undefined
        ? await this.#options.store.documentContents.find({ connectionId, sha256 })
        : undefined;
    if (!content) throw notStored(document);
    const { mediaType = '' } = parseMediaType(storedType) ?? {};
    // Its type was allowed when it was stored, so only active content matters here.
    const isActive = contentTypeVerdict({ mediaType, withMedia: true }) !== 'stored';
    return {
      sha256: content.sha256,
      sizeBytes: content.sizeBytes,
      contentType: isActive ? 'application/octet-stream' : (storedType ?? 'application/octet-stream'),
      fileName: documentFileName({ document, isActive }),
      read: (range) => this.#options.store.documentContents.read(content, range),
    };
  }

  /** Whether the stored version of its resource has the attachment. An incomplete version does not say it. */
  async #isReferenced({ connectionId, resource: { type, id }, index }: PatientDocument): Promise<boolean> {
    const stored = this.#options.store.resources.readAttachments({ type, ids: [`${connectionId}/${id}`] });
    for await (const { indexes } of stored) if (indexes === 'unknown' || indexes.has(index)) return true;
    return false;
  }
}

/** The id of the Binary of a document. Ids of FHIR have no underscore. */
function binaryIdOf(documentId: string): string {
  return documentId.replace('_', '-');
}

function documentIdOf(binaryId: string): string {
  return binaryId.replace('-', '_');
}

function placeOf({ type, id }: { readonly type: string; readonly id: string }, index: number): string {
  return `${type}/${id}/${index}`;
}

function toFilter({ connectionId, resourceType, resourceId, patient, state }: DocumentQuery): DocumentFilter {
  const resource = { 'resource.type': resourceType, 'resource.id': resourceId };
  return present({ connectionId, ...resource, patientId: patient, state });
}

function notStored({ state, reason, error }: PatientDocument): AppError {
  const failure = error && forReader(error, { isOperator: false });
  return documentError('document-not-stored', {
    context: { state, ...(reason === undefined ? {} : { reason }), ...(failure ? { error: failure } : {}) },
  });
}

const id = z.string().min(1).max(200);

export const documentQuerySchema = z.strictObject({
  connectionId: id.describe('The connection whose documents are listed.'),
  resourceType: z
    .string()
    .refine((type) => typesWithAttachments.includes(type), `is not one of ${typesWithAttachments.join(', ')}`)
    .optional()
    .describe('Only documents of resources of this type: `DiagnosticReport` or `DocumentReference`.'),
  resourceId: id
    .refine(isResourceId, 'must be the id of a resource, without its type')
    .optional()
    .describe('Only documents of the resource with this FHIR id.'),
  patient: id
    .refine(isResourceId, 'must be the id of a patient, without `Patient/`')
    .optional()
    .describe('Only documents of this patient: the id at the EHR, without `Patient/`.'),
  state: z.enum(documentStates).optional().describe('Only documents in this state.'),
  ...pageQuery({ defaultLimit: 100 }),
  ...totalQuery,
});
type DocumentQuery = z.output<typeof documentQuerySchema>;

export const documentViewSchema = z
  .strictObject({
    ...viewShapeOf(patientDocumentSchema, [
      'id',
      'connectionId',
      { resource: ['type', 'id', 'versionId'] },
      'patientId',
      'index',
      'url',
      'contentType',
      'title',
      'declaredSize',
      'declaredHash',
      'state',
      'reason',
      'sha256',
      'sizeBytes',
      'storedType',
      'notes',
      'attempts',
      { error: ['code', 'message', 'ehrText'] },
      'createdAt',
      'startedAt',
      'completedAt',
    ]),
    source: z.enum(['inline', 'url']).describe('Where the content comes from: `inline` in the resource, or the `url`.'),
    storedBytes: countSchema
      .exactOptional()
      .describe('How much of a running download is stored. Absent if none is running.'),
  })
  .meta({ id: 'Document', description: 'An attachment of a resource, and the state of its content.' });

type DocumentView = View<typeof documentViewSchema>;

export function toDocumentView(document: PatientDocument, reader: Reader): DocumentView {
  const { url, progress, error } = document;
  return viewOf(documentViewSchema, {
    ...document,
    source: url === undefined ? 'inline' : 'url',
    url: url === undefined ? undefined : withoutSecrets(url),
    storedBytes: progress && progress.parts.length * progress.partBytes,
    error: error && forReader(error, reader),
  });
}
