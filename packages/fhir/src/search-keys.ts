import type { Resource } from './resource.ts';

/** What people search stored resources by; every key is indexed. */
export interface SearchKeys {
  /** Id of the patient, without `Patient/`. */
  readonly patient?: string;
  readonly encounter?: string;
  readonly status?: string;
  /** `system|code` and `code` of every coding. */
  readonly category?: readonly string[];
  readonly code?: readonly string[];
  /** The clinically relevant date, as the resource writes it (FHIR date or dateTime). */
  readonly date?: string;
}

/** The elements that FHIR's `date` search parameter reads, over the types in use; the first that is present counts. */
const dateElements = [
  'effectiveDateTime',
  'effectivePeriod',
  'effectiveInstant',
  'authoredOn',
  'occurrenceDateTime',
  'performedDateTime',
  'performedPeriod',
  'onsetDateTime',
  'recordedDate',
  'period',
  'start',
  'date',
  'issued',
  'created',
  'birthDate',
] as const;

export function extractSearchKeys(resource: Resource): SearchKeys {
  const patient = resource.resourceType === 'Patient' ? resource.id : patientId(resource);
  const encounter = referenceId(resource.encounter, 'Encounter');
  const status = readStatus(resource);
  const category = tokens(resource.category);
  const code = tokens(resource.code ?? resource.medicationCodeableConcept ?? resource.vaccineCode ?? resource.type);
  const date = readDate(resource);
  return {
    ...(patient === undefined ? {} : { patient }),
    ...(encounter === undefined ? {} : { encounter }),
    ...(status === undefined ? {} : { status }),
    ...(category.length === 0 ? {} : { category }),
    ...(code.length === 0 ? {} : { code }),
    ...(date === undefined ? {} : { date }),
  };
}

function patientId(resource: Resource): string | undefined {
  return referenceId(resource.subject, 'Patient') ?? referenceId(resource.patient, 'Patient') ?? participant(resource);
}

/** Appointment names its patient among the participants. */
function participant(resource: Resource): string | undefined {
  if (!Array.isArray(resource.participant)) return undefined;
  for (const one of resource.participant) {
    const id = referenceId((one as { actor?: unknown } | null)?.actor, 'Patient');
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id in `Type/id`, `https://server/Type/id` or `Type/id/_history/1`. */
function referenceId(value: unknown, type: string): string | undefined {
  const reference = (value as { reference?: unknown } | null | undefined)?.reference;
  if (typeof reference !== 'string') return undefined;
  const marker = `${type}/`;
  const at = reference.startsWith(marker) ? 0 : reference.indexOf(`/${marker}`) + 1;
  if (at === 0 && !reference.startsWith(marker)) return undefined;
  return reference.slice(at + marker.length).split('/', 1)[0];
}

function readStatus(resource: Resource): string | undefined {
  if (typeof resource.status === 'string') return resource.status;
  const clinical = (resource.clinicalStatus as { coding?: readonly { code?: unknown }[] } | undefined)?.coding?.[0]
    ?.code;
  return typeof clinical === 'string' ? clinical : undefined;
}

function tokens(value: unknown): string[] {
  const found = new Set<string>();
  for (const concept of Array.isArray(value) ? value : [value]) {
    const codings = (concept as { coding?: unknown } | null | undefined)?.coding;
    if (!Array.isArray(codings)) continue;
    for (const { system, code } of codings as { system?: unknown; code?: unknown }[]) {
      if (typeof code !== 'string') continue;
      found.add(code);
      if (typeof system === 'string') found.add(`${system}|${code}`);
    }
  }
  return [...found];
}

function readDate(resource: Resource): string | undefined {
  for (const element of dateElements) {
    const value = resource[element];
    if (typeof value === 'string') return value;
    const start = (value as { start?: unknown } | null | undefined)?.start;
    if (typeof start === 'string') return start;
  }
  return undefined;
}
