import { AppError, present, toEhrText } from '@bulkhead/base';
import { isResourceType } from '@bulkhead/fhir';
import type { Capabilities } from '../../providers/index.ts';
import { resourceAnswer } from '../answers/answer-rules.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';

interface Statement {
  readonly resourceType?: unknown;
  readonly fhirVersion?: unknown;
  readonly software?: { readonly name?: unknown };
  readonly instantiates?: unknown;
  readonly implementationGuide?: unknown;
  readonly rest?: unknown;
}
interface StatedResource {
  readonly type?: unknown;
  readonly operation?: unknown;
  readonly interaction?: unknown;
  readonly searchParam?: unknown;
  readonly searchRevInclude?: unknown;
}

/** Reads the server's capabilities (`GET /metadata`), without a token (https://hl7.org/fhir/R4/http.html#capabilities). */
export async function readCapabilities(options: {
  readonly session: EhrSession;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}): Promise<Capabilities> {
  const { session, now, signal } = options;
  const request = {
    method: 'GET',
    url: `${session.connection.fhirEndpoint}/metadata`,
    headers: { accept: 'application/fhir+json' },
    priority: 'interactive',
    answer: resourceAnswer,
    retries: 2,
    sendToken: false,
    signal,
  } as const;
  const response = await session.send(request).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'answer-unusable' ? notUnderstood(error) : error;
  });
  return interpretStatement(response.data, now);
}

/** @throws AppError `capabilities-not-understood` for anything that is not a CapabilityStatement */
export function interpretStatement(value: unknown, readAt: Date): Capabilities {
  const statement = (value ?? {}) as Statement;
  if (statement.resourceType !== 'CapabilityStatement') throw notUnderstood();
  const rests = objectsOf<{ readonly operation?: unknown; readonly resource?: unknown }>(statement.rest);
  const resources = rests.flatMap(({ resource }) => objectsOf<StatedResource>(resource));
  const exports = (type: string) =>
    resources.some((resource) => resource.type === type && hasExport(resource.operation));
  const { fhirVersion, software } = statement;
  const bulkDataVersion = bulkDataVersionOf(statement);
  const searchTypes = searchTypesOf(resources);
  const patientSearchTypes = patientSearchTypesOf(resources);
  const provenanceTypes = typesOf(resources.filter(includesProvenance));
  return {
    readAt,
    exportLevels: [
      ...(rests.some(({ operation }) => hasExport(operation)) ? (['system'] as const) : []),
      ...(exports('Patient') ? (['patient'] as const) : []),
      ...(exports('Group') ? (['group'] as const) : []),
    ],
    ...(bulkDataVersion === undefined ? {} : { bulkDataVersion }),
    resourceTypes: typesOf(resources),
    ...(searchTypes === undefined ? {} : { searchTypes }),
    ...(patientSearchTypes === undefined ? {} : { patientSearchTypes }),
    ...(provenanceTypes.length === 0 ? {} : { provenanceTypes }),
    ...present({ fhirVersion: shortText(fhirVersion), software: shortText(software?.name) }),
  };
}

/** From the canonical URLs of guides and of statements, which end with a version: `…/uv/bulkdata|2.0.0`. */
function bulkDataVersionOf({ instantiates, implementationGuide }: Statement): number | undefined {
  const canonicals = [instantiates, implementationGuide].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  );
  const versions = canonicals.flatMap((canonical) => {
    const [url = '', version = ''] = String(canonical).split('|', 2);
    const major = Number.parseInt(version, 10);
    return url.startsWith('http://hl7.org/fhir/uv/bulkdata') && major > 0 ? [major] : [];
  });
  return versions.length === 0 ? undefined : Math.max(...versions);
}

/** A statement without any interaction says nothing about searches, because many servers omit interactions. */
function searchTypesOf(resources: readonly StatedResource[]): string[] | undefined {
  const interactions = (resource: StatedResource) => objectsOf<{ readonly code?: unknown }>(resource.interaction);
  if (resources.every((resource) => interactions(resource).length === 0)) return undefined;
  return typesOf(resources.filter((resource) => interactions(resource).some(({ code }) => code === 'search-type')));
}

function patientSearchTypesOf(resources: readonly StatedResource[]): string[] | undefined {
  const parameters = (resource: StatedResource) => objectsOf<{ readonly name?: unknown }>(resource.searchParam);
  if (resources.every((resource) => parameters(resource).length === 0)) return undefined;
  return typesOf(resources.filter((resource) => parameters(resource).some(({ name }) => name === 'patient')));
}

export const provenanceOfTarget = 'Provenance:target';

function includesProvenance({ searchRevInclude }: StatedResource): boolean {
  return Array.isArray(searchRevInclude) && searchRevInclude.includes(provenanceOfTarget);
}

/** Each type of R4 once, so that the list is short whatever the server sends. */
function typesOf(resources: readonly StatedResource[]): string[] {
  return [...new Set(resources.map(({ type }) => type))].filter(
    (type): type is string => typeof type === 'string' && isResourceType(type),
  );
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' ? toEhrText(value.slice(0, 200)) : undefined;
}

function hasExport(operations: unknown): boolean {
  return objectsOf<{ readonly name?: unknown; readonly definition?: unknown }>(operations).some(
    ({ name, definition }) => /export/i.test(`${name} ${definition}`),
  );
}

/** A server may send anything in the place of a list. */
function objectsOf<Element extends object>(value: unknown): Element[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}

function notUnderstood(cause?: AppError): AppError {
  return ehrError('capabilities-not-understood', { ehrText: cause?.ehrText });
}
