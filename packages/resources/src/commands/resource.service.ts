import { anyPatient, patientsShown } from '@bulkhead/access';
import type { ConnectionService } from '@bulkhead/connections/commands';
import { isResourceType, parseSearch, type Resource, type SearchRequest, searchset } from '@bulkhead/fhir';
import type { Connection } from '@bulkhead/providers';
import { AppError, invalidRequest } from '@bulkhead/runtime';
import type { ConnectionScope } from '@bulkhead/store';
import type { SourcedVersion } from '../resource-document.ts';
import type { ResourceStore } from '../store.ts';

export interface WhichResources {
  readonly provider: string;
  readonly connectionId: string;
  readonly resourceType: string;
  readonly scope: ConnectionScope;
}

export interface SearchResources extends WhichResources {
  /** FHIR search parameters, as the address has them. */
  readonly parameters: URLSearchParams;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What is read, and whose data it shows: see `patientsShown`. */
export interface ReadText {
  readonly text: string;
  readonly patients: readonly string[];
}

export interface ReadLines {
  readonly lines: AsyncIterable<string>;
  /** Those who were asked for; without any, `anyPatient`. */
  readonly patients: readonly string[];
}

/** A page ends early here, so that `_count` of large documents cannot fill the memory: a page of 1,000 usual ones is 2 MB. */
const maxPageCharacters = 8 * 1024 * 1024;
/** They say which page of a search; a stream is all of it. */
const pageParameters = ['_count', '_total', '_cursor'];

export type ResourceService = ReturnType<typeof createResourceService>;

/** Reads back what is stored, every number as the server wrote it. */
export function createResourceService(options: {
  readonly store: ResourceStore;
  readonly connections: ConnectionService;
}) {
  const { store, connections } = options;

  const check = async ({ provider, connectionId, resourceType, scope }: WhichResources): Promise<Connection> => {
    const connection = await connections.find({ provider, id: connectionId, scope });
    // A collection is named after the type, so a name that is no type must never get there.
    if (!isResourceType(resourceType)) throw unknownResource();
    return connection;
  };

  return {
    /** @returns the resource as JSON text. @throws AppError `unknown-resource`, `resource-deleted` */
    async read({ resourceId, ...which }: WhichResources & { readonly resourceId: string }): Promise<ReadText> {
      await check(which);
      const found = await store.resources.read({ ...which, resourceId });
      if (!found) throw unknownResource();
      if (found.deleted) throw resourceDeleted();
      return { text: JSON.stringify(found.resource), patients: patientsShown(found.resource as Resource) };
    },

    /** Which exports and syncs the stored version of a resource, and those before it, came from. @throws AppError `unknown-resource` */
    async sources({ resourceId, ...which }: WhichResources & { readonly resourceId: string }) {
      await check(which);
      const found = await store.resources.readSources({ ...which, resourceId });
      if (found.length === 0) throw unknownResource();
      const { resource } = (await store.resources.read({ ...which, resourceId })) ?? {};
      return { sources: found, patients: resource ? patientsShown(resource as Resource) : [] };
    },

    /**
     * Every current resource that matches, a line each. Memory stays flat.
     * @param options.onFurther awaited before a line that also shows patients who were not asked for.
     */
    async stream(
      options: SearchResources & { readonly onFurther: (patients: readonly string[]) => Promise<void> },
    ): Promise<ReadLines> {
      const { parameters, signal, onFurther, ...which } = options;
      await check(which);
      const paged = pageParameters.filter((name) => parameters.has(name));
      if (paged.length > 0) {
        const message = 'is of pages, and NDJSON is everything at once: leave it out, or ask for a Bundle';
        throw invalidRequest(paged.map((path) => ({ path, message })));
      }
      const { search } = parse(parameters);
      const asked = patientsAsked({ ...which, search });
      const patients = asked.length > 0 ? asked : [anyPatient];
      return {
        patients,
        lines: toLines({ resources: store.resources.stream({ ...which, search, signal }), patients, onFurther }),
      };
    },

    /**
     * One page of matches, as a searchset Bundle in JSON text.
     * @param options.address the search itself, absolute; links to pages are made from it.
     */
    async search(options: SearchResources & { readonly address: URL }): Promise<ReadText> {
      const { parameters, address, ...which } = options;
      const { fhirEndpoint } = await check(which);
      const { search, count, withTotal, cursor } = parse(parameters);
      if (cursor !== undefined && !store.resources.isCursorOf({ ...which, search, cursor })) {
        const message = 'is no cursor of this search: follow the `next` link of a page as it is, or leave it out';
        throw invalidRequest([{ path: '_cursor', message }]);
      }
      const total = withTotal ? await store.resources.count({ ...which, search }) : undefined;
      const entries: { fullUrl: string; resource: string }[] = [];
      const patients = new Set(patientsAsked({ ...which, search }));
      let characters = 0;
      let end: (() => string) | undefined;
      let next: string | undefined;
      for await (const found of store.resources.search({ ...which, search, cursor, limit: count + 1 })) {
        if (entries.length === count || characters > maxPageCharacters) {
          next = end?.();
          break;
        }
        const resource = JSON.stringify(found.resource);
        const { id } = found.resource as { id: string };
        // Where the EHR has it: that is its identity, and what references inside of it are relative to.
        for (const patient of patientsShown(found.resource as Resource)) patients.add(patient);
        entries.push({ fullUrl: `${fhirEndpoint}/${which.resourceType}/${id}`, resource });
        characters += resource.length;
        end = found.cursor;
      }
      const text = searchset({
        self: address.href,
        next: next === undefined ? undefined : withCursor(address, next),
        total,
        entries,
      });
      return { text, patients: [...patients] };
    },
  };
}

function parse(parameters: URLSearchParams): SearchRequest {
  const parsed = parseSearch(parameters);
  if ('faults' in parsed) throw invalidRequest(parsed.faults);
  return parsed.request;
}

function withCursor(address: URL, cursor: string): string {
  const next = new URL(address);
  next.searchParams.set('_cursor', cursor);
  return next.href;
}

/** Whom a search names. Without one, whoever is among the matches is shown. */
function patientsAsked(options: {
  readonly resourceType: string;
  readonly search: SearchRequest['search'];
}): readonly string[] {
  const { resourceType, search } = options;
  const ids = resourceType === 'Patient' ? (search.ids ?? []) : [];
  return [...new Set([...search.patients.flat(), ...ids])];
}

/** A resource in several records shows its other patients too. */
async function* toLines(options: {
  readonly resources: AsyncIterable<unknown>;
  readonly patients: readonly string[];
  readonly onFurther: (patients: readonly string[]) => Promise<void>;
}): AsyncGenerator<string> {
  const { resources, patients, onFurther } = options;
  const listed = new Set(patients);
  for await (const resource of resources) {
    const further = listed.has(anyPatient)
      ? []
      : patientsShown(resource as Resource).filter((patient) => !listed.has(patient));
    if (further.length > 0) await onFurther(further);
    for (const patient of further) listed.add(patient);
    yield `${JSON.stringify(resource)}\n`;
  }
}

function unknownResource(): AppError {
  return new AppError({
    code: 'unknown-resource',
    message: 'There is no such resource stored for this connection. Verify the type and the id.',
    retry: 'never',
  });
}

/** https://hl7.org/fhir/R4/http.html#read: 410 for a resource that is known to be deleted. */
function resourceDeleted(): AppError {
  return new AppError({
    code: 'resource-deleted',
    message: 'The resource was deleted at the EHR.',
    retry: 'never',
  });
}

/** A version of a resource, and which line of an export or step of a sync it came from. */
export function toSourceView({ versionId, lastUpdated, deleted, source, storedAt }: SourcedVersion) {
  return {
    ...(versionId === undefined ? {} : { versionId }),
    lastUpdated: lastUpdated.toISOString(),
    deleted,
    storedAt: storedAt.toISOString(),
    source,
  };
}
