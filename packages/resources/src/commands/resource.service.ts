import { anyPatient, patientsShown } from '@bulkhead/audit';
import {
  isResourceType,
  parseSearch,
  type Resource,
  type SearchRequest,
  searchset,
  whyNotResourceType,
} from '@bulkhead/fhir';
import { AppError, invalidRequest, sentence } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { resourceError } from '../errors.ts';
import type { SourcedVersion } from '../resource-document.ts';
import type { ResourceStore } from '../store.ts';
import { type ChangesRequest, readChanges, streamChanges } from './read-changes.ts';
import { type HistoryRequest, readHistory } from './read-history.ts';
import { maxPageCharacters, type ReadLines, type ReadText, watchPatients, withCursor } from './read-text.ts';

export interface ResourceTypeReference {
  readonly provider: string;
  readonly connectionId: string;
  readonly resourceType: string;
  readonly scope: ConnectionScope;
}

/** The erasure of a whole connection. */
interface Purge {
  /** When it was requested. Nothing can be read since then. */
  readonly purgedAt: Date;
  /** The keys that were limited to the connection and others. */
  readonly readerKeyIds: readonly string[];
}

interface Reader {
  /** The API key of the request. */
  readonly keyId: string;
}

type ConnectionOfReader = Omit<ResourceTypeReference, 'resourceType'> & Reader;

export interface SearchResources extends ResourceTypeReference {
  /** The FHIR search parameters of the URL. */
  readonly parameters: URLSearchParams;
  /** Aborted when the client has closed the connection. */
  readonly signal: AbortSignal;
}

/** Parameters that apply to pages. A stream has no pages. */
const pageParameters = ['_count', '_total', '_cursor'];

/** Reads stored resources for the API, with every number as the EHR wrote it. */
export class ResourceService {
  private readonly store;
  private readonly connections;
  private readonly purges;

  constructor(options: {
    readonly store: ResourceStore;
    readonly connections: {
      /** @throws AppError `unknown-connection` */
      readonly find: (reference: {
        readonly provider: string;
        readonly id: string;
        readonly scope: ConnectionScope;
      }) => Promise<{ readonly fhirEndpoint: string }>;
    };
    readonly purges: {
      /** Finds the erasure of a whole connection. */
      readonly find: (connectionId: string) => Promise<Purge | undefined>;
    };
  }) {
    const { store, connections, purges } = options;
    this.store = store;
    this.connections = connections;
    this.purges = purges;
  }

  /** @returns the resource as JSON text. @throws AppError `unknown-resource`, `resource-deleted` */
  async read(options: ResourceTypeReference & { readonly resourceId: string }): Promise<ReadText> {
    const { resourceId, ...reference } = options;
    await this.check(reference);
    const stored = await this.store.resources.read({ ...reference, resourceId });
    if (!stored) throw resourceError('unknown-resource');
    if (stored.deleted) throw resourceDeleted();
    return { text: JSON.stringify(stored.resource), patients: patientsShown(stored.resource as Resource) };
  }

  /** Reads the sources of the stored and of earlier versions of a resource. @throws AppError `unknown-resource` */
  async sources({ resourceId, ...reference }: ResourceTypeReference & { readonly resourceId: string }) {
    await this.check(reference);
    const sources = await this.store.resources.readSources({ ...reference, resourceId });
    if (sources.length === 0) throw resourceError('unknown-resource');
    const { resource } = (await this.store.resources.read({ ...reference, resourceId })) ?? {};
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
    await this.check(reference);
    const paged = pageParameters.filter((name) => parameters.has(name));
    if (paged.length > 0) {
      const message = 'applies to pages, and NDJSON has no pages. Leave it out, or request a Bundle';
      throw invalidRequest(paged.map((path) => ({ path, message })));
    }
    const { search } = parse(parameters);
    const requested = requestedPatients({ ...reference, search });
    const patients = requested.length > 0 ? requested : [anyPatient];
    return {
      patients,
      lines: watchPatients({
        chunks: this.store.resources.streamNdjson({ ...reference, search, signal }),
        patients,
        onFurther,
      }),
    };
  }

  /**
   * Reads one page of matches, as a searchset Bundle in JSON.
   * @param options.address the absolute URL of the search, from which the links to pages are made
   */
  async search(options: SearchResources & { readonly address: URL }): Promise<ReadText> {
    const { parameters, address, ...reference } = options;
    const { fhirEndpoint } = await this.check(reference);
    const { search, count, withTotal, cursor } = parse(parameters);
    if (cursor !== undefined && !this.store.resources.isCursorOf({ ...reference, search, cursor })) {
      const message = 'is not a cursor of this search. Use the `next` link of a page unchanged, or leave it out';
      throw invalidRequest([{ path: '_cursor', message }]);
    }
    const total = withTotal ? await this.store.resources.count({ ...reference, search }) : undefined;
    const entries: { fullUrl: string; resource: string }[] = [];
    const patients = new Set(requestedPatients({ ...reference, search }));
    let characters = 0;
    let end: (() => string) | undefined;
    let next: string | undefined;
    for await (const match of this.store.resources.search({ ...reference, search, cursor, limit: count + 1 })) {
      if (entries.length === count || characters > maxPageCharacters) {
        next = end?.();
        break;
      }
      const resource = JSON.stringify(match.resource);
      const { id } = match.resource as { id: string };
      for (const patient of patientsShown(match.resource as Resource)) patients.add(patient);
      // `fullUrl` is the URL at the EHR. It is the identity of the resource, and its references are relative to it.
      entries.push({ fullUrl: `${fhirEndpoint}/${reference.resourceType}/${id}`, resource });
      characters += resource.length;
      end = match.cursor;
    }
    const text = searchset({
      self: address.href,
      next: next === undefined ? undefined : withCursor(address, next),
      total,
      entries,
    });
    return { text, patients: [...patients] };
  }

  /** Reads one page of what was stored since a time, as a history Bundle in JSON. See `readHistory`. */
  async history(options: HistoryRequest & ResourceTypeReference & Reader): Promise<ReadText> {
    const { fhirEndpoint } = await this.checkUnpurged(options);
    return readHistory({ ...options, fhirEndpoint, changes: this.store.resourceChanges });
  }

  /** Like `history`, for several types and the oldest change first. See `readChanges`. */
  async changes(options: ChangesRequest & ConnectionOfReader): Promise<ReadText> {
    return readChanges({ ...options, ...(await this.openChanges(options)) });
  }

  /** Like `changes`, as NDJSON without pages. See `streamChanges`. */
  async streamChanges(options: Omit<ChangesRequest, 'cursor' | 'count' | 'address'> & ConnectionOfReader) {
    return streamChanges({ ...options, ...(await this.openChanges(options)) });
  }

  private async openChanges(options: Pick<ChangesRequest, 'resourceTypes'> & ConnectionOfReader) {
    const [first = 'Patient', ...others] = options.resourceTypes ?? [];
    const { fhirEndpoint } = await this.checkUnpurged({ ...options, resourceType: first });
    for (const resourceType of others) checkType(resourceType);
    return { fhirEndpoint, changes: this.store.resourceChanges };
  }

  /** Tells keys that could read a connection that it was erased. @throws AppError `connection-purged` */
  private async checkUnpurged(reference: ResourceTypeReference & Reader) {
    try {
      return await this.check(reference);
    } catch (error) {
      const { connectionId, scope, keyId } = reference;
      if (!(error instanceof AppError && error.code === 'unknown-connection')) throw error;
      const purge = await this.purges.find(connectionId);
      if (!purge || !(isInScope(scope, connectionId) || purge.readerKeyIds.includes(keyId))) throw error;
      throw resourceError('connection-purged', { context: { purgedAt: purge.purgedAt.toISOString() } });
    }
  }

  private async check({ provider, connectionId, resourceType, scope }: ResourceTypeReference) {
    const connection = await this.connections.find({ provider, id: connectionId, scope });
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

function parse(parameters: URLSearchParams): SearchRequest {
  const parsed = parseSearch(parameters);
  if ('faults' in parsed) throw invalidRequest(parsed.faults);
  return parsed.request;
}

/** The patients that a search names. */
function requestedPatients(options: {
  readonly resourceType: string;
  readonly search: SearchRequest['search'];
}): readonly string[] {
  const { resourceType, search } = options;
  const ids = resourceType === 'Patient' ? (search.ids ?? []) : [];
  return [...new Set([...search.patients.flat(), ...ids])];
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
