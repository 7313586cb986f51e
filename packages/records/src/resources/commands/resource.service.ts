import { hash } from 'node:crypto';
import { anyPatient, patientsRequested, patientsShown } from '@bulkhead/access/audit';
import { type AppError, type ByteReservation, invalidRequest, sentence } from '@bulkhead/base';
import {
  type HistoryEntry,
  historyBundle,
  isInPatientCompartment,
  isResourceType,
  pageParameterNames,
  parseSearch,
  type Resource,
  type SearchRequest,
  searchset,
  whyNotResourceType,
} from '@bulkhead/fhir';
import type { ConnectionScope } from '@bulkhead/store';
import type { ConnectionCheck } from '../check-connection.ts';
import { resourceError } from '../errors.ts';
import { filterFault, sortFault } from '../read/resource-query.ts';
import { largeBytes } from '../read/resource-search.repository.ts';
import type { ResourceStore } from '../resource.feature.ts';
import type { SourcedVersion } from '../version/resource-document.ts';
import { type ChangesRequest, readChanges, streamChanges } from './read-changes.ts';
import { type EverythingRequest, readEverything } from './read-everything.ts';
import { type HistoryRequest, openWindow, readHistory } from './read-history.ts';
import {
  type ReadLines,
  type ReadText,
  type ShowAttachments,
  type ShownAttachments,
  showEntries,
  watchPatients,
} from './read-text.ts';
import { PageOfMatches, writePage } from './write-page.ts';

export interface ResourceTypeReference {
  readonly provider: string;
  readonly connectionId: string;
  readonly resourceType: string;
  readonly scope: ConnectionScope;
}

type ReadResource = ResourceTypeReference & {
  readonly resourceId: string;
  /** Only this version. */
  readonly version?: string | undefined;
};

interface Reader {
  /** The API key of the request. */
  readonly keyId: string;
}

type ConnectionOfReader = Omit<ResourceTypeReference, 'resourceType'> & Reader;

export interface SearchResources extends ResourceTypeReference {
  /** An OperationOutcome about the search, which the page begins with. JSON. */
  readonly outcome?: string | undefined;
  /** The FHIR search parameters of the URL. */
  readonly parameters: URLSearchParams;
  /** Whether `_include` may add resources of a type. Default: all types. */
  readonly mayInclude?: (resourceType: string) => boolean;
  /** Other parameters that the request can have, for the message about an unknown one. */
  readonly otherParameters?: readonly string[];
  /** Aborted when the client has closed the connection. */
  readonly signal: AbortSignal;
}

interface RecordOfPatient {
  readonly patientId: string;
  /** Whether the reader may learn that the Patient is not stored, or was deleted. */
  readonly showsAbsence: boolean;
}

interface ReadConnection {
  readonly fhirEndpoint: string;
  /** The names of the EHR. See `readReference`. */
  readonly baseUrls: readonly string[];
}

interface SearchPage {
  /** The absolute URL of the request, from which the link to the next page is made. */
  readonly address: URL;
  /** The FHIR base URL of `fullUrl`. Default: that of the EHR. */
  readonly base?: string | undefined;
}

export { recordTypes } from './read-everything.ts';
export type { ShownAttachments } from './read-text.ts';

/** Reads stored resources for the API, with every number as the EHR wrote it. */
export class ResourceService {
  readonly #store;
  readonly #connections;
  readonly checkConnection: ConnectionCheck;
  readonly #shownAttachments;

  constructor(options: {
    readonly store: ResourceStore;
    readonly connections: {
      /** @throws AppError `unknown-connection` */
      readonly find: (reference: {
        readonly provider: string;
        readonly id: string;
        readonly scope: ConnectionScope;
      }) => Promise<ReadConnection>;
    };
    readonly checkConnection: ConnectionCheck;
    readonly shownAttachments: ShownAttachments;
  }) {
    const { store, connections, checkConnection, shownAttachments } = options;
    this.#store = store;
    this.#connections = connections;
    this.checkConnection = checkConnection;
    this.#shownAttachments = shownAttachments;
  }

  /**
   * @param options.base a FHIR base URL, below which attachments whose content is stored here have their URLs. Default: they keep those of the EHR
   * @returns the resource as JSON text
   * @throws AppError `unknown-resource`, `resource-deleted`
   */
  async read(
    options: ReadResource & Pick<SearchPage, 'base'>,
  ): Promise<ReadText & Pick<HistoryEntry, 'changedAt'> & { readonly tag: string }> {
    const stored = await this.#readVersion(options);
    if (stored.deleted) throw resourceDeleted();
    const { tag, changedAt } = stored;
    const resource = stored.resource as Resource;
    const shown = (await this.#show(options)([resource])).get(resource);
    return {
      text: JSON.stringify(shown ?? resource),
      patients: patientsShown(resource),
      // A content that was stored later changes what is shown, and not the version.
      tag: shown ? `${tag}-${hash('sha256', JSON.stringify(shown), 'hex').slice(0, 12)}` : tag,
      changedAt,
    };
  }

  /** Reads the stored version of a resource, which can be its deletion, as a history Bundle. @throws AppError `unknown-resource` */
  async instanceHistory(
    options: ReadResource & Pick<SearchPage, 'address' | 'base'> & Pick<HistoryRequest, 'since'>,
  ): Promise<ReadText> {
    const { resourceType, resourceId, address, base = '', since } = options;
    const { deleted, resource: stored, versionId, changedAt } = await this.#readVersion(options);
    const reference = `${resourceType}/${resourceId}`;
    const content = deleted ? undefined : (stored as Resource);
    const resource = content && JSON.stringify(content);
    const entry = { fullUrl: `${base}/${reference}`, reference, resource, content, versionId, changedAt };
    const isListed = since === undefined || changedAt >= since;
    const entries = await showEntries(isListed ? [entry] : [], this.#show(options));
    return {
      text: historyBundle({ self: address.href, until: changedAt, entries }),
      patients: content && isListed ? patientsShown(content) : [],
    };
  }

  async #readVersion({ resourceId, version, ...reference }: ReadResource) {
    await this.#check(reference);
    const stored = await this.#store.resources.read({ ...reference, resourceId });
    if (!stored || (version !== undefined && stored.versionId !== version)) throw resourceError('unknown-resource');
    return stored;
  }

  /** Reads the sources of the stored and of earlier versions of a resource. @throws AppError `unknown-resource` */
  async sources({ resourceId, ...reference }: ResourceTypeReference & { readonly resourceId: string }) {
    await this.#check(reference);
    const sources = await this.#store.resources.readSources({ ...reference, resourceId });
    if (sources.length === 0) throw resourceError('unknown-resource');
    const { resource } = (await this.#store.resources.read({ ...reference, resourceId })) ?? {};
    return { sources: sources, patients: resource ? patientsShown(resource as Resource) : [] };
  }

  /**
   * Streams all current resources that match, one per line, with constant memory.
   * @param options.onFurther awaited before a chunk that also shows patients that were not requested
   */
  async stream(
    options: SearchResources & { readonly onFurther: (patients: readonly string[]) => Promise<void> },
  ): Promise<ReadLines> {
    const { parameters, signal, onFurther, ...reference } = options;
    await this.#check(reference);
    const paged = pageParameterNames.filter((name) => parameters.has(name));
    if (paged.length > 0) {
      const message = 'applies to pages, and NDJSON has no pages. Leave it out, or request a Bundle';
      throw invalidRequest(paged.map((path) => ({ path, message })));
    }
    const { search } = parse(options);
    checkFilter(search);
    const requested = requestedPatients({ ...reference, search });
    const patients = requested.length > 0 ? requested : [anyPatient];
    return {
      patients,
      lines: watchPatients({
        chunks: this.#store.resourceSearch.streamNdjson({ ...reference, search, signal }),
        patients,
        onFurther,
      }),
    };
  }

  /**
   * Reads one page of matches, as a searchset Bundle in JSON.
   * @throws AppError `unknown-connection`, `unknown-resource`, `invalid-request`, `search-too-costly`
   */
  async search(
    options: SearchResources &
      SearchPage & {
        /** Only in the record of this patient. */
        readonly patientId?: string | undefined;
      },
  ): Promise<ReadText> {
    const { parameters, address, patientId, ...reference } = options;
    const connection = await this.#check(reference);
    const { count, withTotal, cursor, includes, revIncludes, isCountOnly, elements, ...request } = parse(options);
    const search = { ...request.search, ...(patientId === undefined ? {} : { records: [[patientId]] }) };
    checkPage(reference.resourceType, { search, includes });
    if (cursor !== undefined && !this.#store.resourceSearch.isCursorOf({ ...reference, search, cursor })) {
      const message = 'is not a cursor of this search. Use the `next` link of a page unchanged, or leave it out';
      throw invalidRequest([{ path: '_cursor', message }]);
    }
    const total =
      withTotal || isCountOnly ? await this.#store.resourceSearch.count({ ...reference, search }) : undefined;
    if (isCountOnly) {
      const patients = requestedPatients({ ...reference, search });
      return { text: searchset({ self: address.href, total, entries: [] }), patients };
    }
    const page = new PageOfMatches({ count });
    return this.#whileLarge(options.signal, async (turn) => {
      for await (const match of this.#store.resourceSearch.search({ ...reference, search, cursor, limit: count + 1 })) {
        if (!page.add(match.resource as Resource, match.cursor)) break;
        if (page.isLarge) await turn.take();
      }
      if (includes.length + revIncludes.length > 0) await turn.take();
      return writePage({
        ...options,
        ...this.#writerOf(options, connection),
        matches: page.matches,
        includes,
        revIncludes,
        elements,
        total,
        next: page.next,
        patients: requestedPatients({ ...reference, search }),
      });
    });
  }

  /** Runs what may read a large page. It takes its turn before it holds more than a small one, and gives it back at its end. */
  async #whileLarge(signal: AbortSignal, read: (turn: ByteReservation) => Promise<ReadText>): Promise<ReadText> {
    const turn = this.#store.resourceSearch.largeReplies.reserve(largeBytes, signal);
    try {
      return await read(turn);
    } finally {
      turn.release();
    }
  }

  /**
   * Reads one page of the record of a patient, as a searchset Bundle in JSON. See `readEverything`.
   * @throws AppError `unknown-connection`, `unknown-resource`, `resource-deleted`, `invalid-request`
   */
  async everything(
    options: Omit<ReadResource, 'resourceType' | 'version'> & EverythingRequest & Pick<RecordOfPatient, 'showsAbsence'>,
  ): Promise<ReadText> {
    const { resourceId: patientId } = options;
    const reference = { ...options, resourceType: 'Patient' };
    const connection = await this.#check(reference);
    await this.#checkPatient({ ...options, patientId });
    const search = this.#store.resourceSearch;
    return this.#whileLarge(options.signal, async (turn) => {
      await turn.take();
      return readEverything({ ...options, ...this.#writerOf(options, connection), patientId, search });
    });
  }

  /** Like `search`, in the record of a patient. @throws AppError also `resource-deleted` */
  async searchOfPatient(options: SearchResources & SearchPage & RecordOfPatient): Promise<ReadText> {
    const { resourceType } = options;
    await this.#check(options);
    if (!isInPatientCompartment(resourceType)) {
      const message = `${resourceType} is not a part of the records of patients. Search it without a patient.`;
      throw resourceError('unknown-resource', { message });
    }
    parse(options);
    await this.#checkPatient(options);
    return this.search(options);
  }

  /** A record is that of a Patient that is stored here, so a record that was erased or deleted is not taken for an empty one. */
  async #checkPatient(options: { readonly connectionId: string } & RecordOfPatient): Promise<void> {
    const { connectionId, patientId: resourceId, showsAbsence } = options;
    if (!showsAbsence) return;
    const stored = await this.#store.resources.read({ connectionId, resourceType: 'Patient', resourceId });
    if (!stored) throw resourceError('unknown-resource');
    if (stored.deleted) throw resourceDeleted();
  }

  #writerOf(options: { readonly connectionId: string } & Pick<SearchPage, 'base'>, connection: ReadConnection) {
    const { fhirEndpoint, baseUrls } = connection;
    return { resources: this.#store.resources, show: this.#show(options), fhirEndpoint, baseUrls };
  }

  /** How attachments are shown to a reader. */
  #show({ connectionId, base }: { readonly connectionId: string } & Pick<SearchPage, 'base'>): ShowAttachments {
    return async (resources) =>
      base === undefined ? new Map() : this.#shownAttachments({ connectionId, base, resources });
  }

  /** Reads one page of what was stored since a time, as a history Bundle in JSON. See `readHistory`. */
  async history(
    options: HistoryRequest & ResourceTypeReference & Reader & Pick<SearchPage, 'base'>,
  ): Promise<ReadText> {
    await this.checkConnection(options);
    const { fhirEndpoint } = await this.#check(options);
    return this.#whileLarge(options.signal, (turn) =>
      readHistory({
        ...options,
        turn,
        fhirEndpoint: options.base ?? fhirEndpoint,
        changes: this.#store.resourceChanges,
        show: this.#show(options),
      }),
    );
  }

  /** Like `history`, for several types and the oldest change first. See `readChanges`. */
  async changes(options: ChangesRequest & ConnectionOfReader & Pick<SearchPage, 'base'>): Promise<ReadText> {
    const { fhirEndpoint, changes } = await this.#openChanges(options);
    return this.#whileLarge(options.signal, (turn) =>
      readChanges({
        ...options,
        turn,
        changes,
        fhirEndpoint: options.base ?? fhirEndpoint,
        show: this.#show(options),
      }),
    );
  }

  /** Like `changes`, as NDJSON without pages. See `streamChanges`. */
  async streamChanges(options: Omit<ChangesRequest, 'cursor' | 'count' | 'address'> & ConnectionOfReader) {
    return streamChanges({ ...options, ...(await this.#openChanges(options)) });
  }

  async #openChanges(options: Pick<ChangesRequest, 'resourceTypes'> & ConnectionOfReader) {
    const [first = 'Patient', ...others] = options.resourceTypes ?? [];
    await this.checkConnection(options);
    const { fhirEndpoint } = await this.#check({ ...options, resourceType: first });
    for (const resourceType of others) checkType(resourceType);
    return { fhirEndpoint, changes: this.#store.resourceChanges };
  }

  /**
   * The window of changes from a time on. Undefined: from the beginning.
   * @throws AppError `unknown-connection`, `connection-purged`, `history-expired`, `invalid-request`
   */
  async openWindow({ since, ...reference }: ConnectionOfReader & { readonly since: Date | undefined }) {
    await this.checkConnection(reference);
    const { resourceChanges: changes } = this.#store;
    const { connectionId } = reference;
    return (await openWindow({ connectionId, resourceType: '*', since, changes, cursor: undefined })).window;
  }

  async #check({ provider, connectionId, resourceType, scope }: ResourceTypeReference) {
    const connection = await this.#connections.find({ provider, id: connectionId, scope });
    checkType(resourceType);
    return connection;
  }
}

/** The type is the name of a collection, so other names must not be used. @throws AppError `unknown-resource` */
function checkType(resourceType: string): void {
  if (isResourceType(resourceType)) return;
  const message = `${sentence(whyNotResourceType(resourceType))} Verify the type.`;
  throw resourceError('unknown-resource', { message });
}

/** @throws AppError `invalid-request` */
function checkFilter(search: SearchRequest['search']): void {
  const fault = filterFault(search);
  if (fault !== undefined) throw invalidRequest([fault]);
}

/** @throws AppError `invalid-request` */
function checkPage(resourceType: string, { search, includes }: Pick<SearchRequest, 'search' | 'includes'>): void {
  checkFilter(search);
  const sorted = sortFault(search);
  if (sorted !== undefined) throw invalidRequest([{ path: '_sort', message: sorted }]);
  const other = includes.find(({ type }) => type !== resourceType);
  if (!other) return;
  const message = `is for ${other.type}, and the matches are of the type ${resourceType}`;
  throw invalidRequest([{ path: '_include', message }]);
}

function parse(options: Pick<SearchResources, 'resourceType' | 'parameters' | 'otherParameters'>): SearchRequest {
  const { resourceType, parameters, otherParameters } = options;
  const parsed = parseSearch(resourceType, parameters, otherParameters);
  if ('faults' in parsed) throw invalidRequest(parsed.faults);
  return parsed.request;
}

/** The patients that a search names. */
export function requestedPatients(options: {
  readonly resourceType: string;
  readonly search: SearchRequest['search'];
}): readonly string[] {
  const { resourceType, search } = options;
  const ids = resourceType === 'Patient' ? (search.ids ?? []) : [];
  return patientsRequested([...(search.records ?? []).flat(), ...search.patients.flat(), ...ids]);
}

/** 410, as https://hl7.org/fhir/R4/http.html#read requires for a resource that is known to be deleted. */
function resourceDeleted(): AppError {
  return resourceError('resource-deleted');
}

export function toSourceView({ versionId, lastUpdated, deleted, source, storedAt }: SourcedVersion) {
  return {
    ...(versionId === undefined ? {} : { versionId }),
    lastUpdated: lastUpdated.toISOString(),
    deleted,
    storedAt: storedAt.toISOString(),
    source,
  };
}
