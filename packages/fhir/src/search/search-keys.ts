import { patientPathsOf, patientsAbout, patientsOf } from '../resources/patient-compartment.ts';
import { referencedId, relativeReference } from '../resources/reference.ts';
import type { Resource } from '../resources/resource.ts';
import { type DateRange, openEnd, openStart, readDateRange } from './date-range.ts';
import { codeElementsOf, codePathsOf, dateElementOf, datePathsOf } from './search-elements.ts';
import type { TokenParameter } from './search-parameters.ts';
import { hasTexts, textElements, textKeysOf } from './search-texts.ts';

/**
 * Raise this with every change to the result of `extractSearchKeys`. `migrate` then derives the keys of stored
 * resources again. Version 2 added every patient of the Patient compartment. Version 3 reads the elements of R4's search
 * parameters, by type. Version 4 left out the keys that no search reads. Version 5 reads
 * leap seconds. Version 6 added the labels of `meta.security`. Version 7 added the security context of Binaries. Version 8 added
 * what US Core searches by: identifiers, names, gender, intent, and the system of a clinical status. Version 9 added the targets of a Provenance.
 * Version 10 added `about`. Version 11 has a token for each of the first twelve letters of a name.
 */
export const searchKeysVersion = 11;

/** The keys by which users search stored resources. */
export interface SearchKeys {
  /** The ids of the patients to whose record it belongs. A string if there is only one, as nearly always. See `patientsOf`. */
  readonly patient?: string | readonly string[];
  /** Those of them whom it is about, if it is not about all of them. See `patientsAbout`. */
  readonly about?: readonly string[];
  /** The first and last instant of the clinically relevant date or period. An open end is year 1 or 9999. */
  readonly dateStart?: Date;
  readonly dateEnd?: Date;
  /** Labels, status, category, code, identifiers and so on in the format of `searchToken`. They share one array so that one index serves all. */
  readonly tokens?: readonly string[];
  /** Names and addresses, whose beginnings are tokens. See `search-texts.ts`. */
  readonly texts?: readonly string[];
}

export function extractSearchKeys(resource: Resource): SearchKeys {
  // Filled field by field. This runs for every line, and spreading nine objects into one costs as much as everything else.
  const keys: { -readonly [Key in keyof SearchKeys]: SearchKeys[Key] } = {};
  const patients = patientsOf(resource);
  if (patients.length === 1) keys.patient = patients[0] as string;
  else if (patients.length > 1) keys.patient = patients;
  const about = patientsAbout(resource, patients);
  if (about !== undefined) keys.about = about;
  const range = dateRangeOf(dateElementOf(resource));
  if (range !== undefined) {
    keys.dateStart = range.start;
    keys.dateEnd = range.end;
  }
  const tokens: string[] = [];
  const context = securityContextOf(resource);
  if (context !== undefined) tokens.push(securityContextToken(context));
  // First, because a label that restricts a record must not be lost among too many codes.
  const labels = resource.meta?.security;
  if (labels !== undefined) addTokens(tokens, '_security', codingsOf({ coding: labels }));
  const status = resource.status ?? resource.lifecycleStatus;
  if (typeof status === 'string') tokens.push(searchToken({ parameter: 'status', code: status }));
  else addTokens(tokens, 'status', codingsOf(resource.clinicalStatus));
  if (hasTexts(resource.resourceType)) {
    const found = textKeysOf(resource);
    if (found.texts.length > 0) keys.texts = found.texts;
    for (const token of found.tokens) tokens.push(token);
  }
  addTokens(tokens, 'category', codingsOf(resource.category));
  addTokens(tokens, 'code', codingsOf(codeElementsOf(resource)));
  // Last, because there can be any number of identifiers.
  readTypeKeys.get(resource.resourceType)?.(resource, tokens);
  if (tokens.length > 0) keys.tokens = distinct(tokens).slice(0, maxTokens);
  return keys;
}

/** The resource whose access rules hold for a Binary: https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext. */
function securityContextOf({ resourceType, securityContext }: Resource): string | undefined {
  if (resourceType !== 'Binary') return undefined;
  const { reference } = (securityContext ?? {}) as { readonly reference?: unknown };
  return relativeReference(reference);
}

/** Finds the Binaries whose `securityContext` is a resource, given as `Type/id`. */
export function securityContextToken(reference: string): string {
  return `securityContext=${reference}`;
}

/** Each token costs an index entry. Real resources have up to a few dozen. */
const maxTokens = 1000;

/**
 * The keys of single types, by what US Core requires. An identifier has two entries in the index that costs the most, so only these types have
 * them: a record number identifies a patient, an NPI a practitioner or an organization, and a visit number an encounter. US Core searches no
 * other type by identifier, and laboratory results alone would have millions.
 */
const typeKeyReaders: Readonly<Record<string, (resource: Resource, tokens: string[]) => void>> = {
  Patient(resource, tokens) {
    addCode(tokens, 'gender', resource.gender);
    addIdentifiers(tokens, resource);
  },
  Practitioner: (resource, tokens) => addIdentifiers(tokens, resource),
  Organization: (resource, tokens) => addIdentifiers(tokens, resource),
  Encounter: (resource, tokens) => addIdentifiers(tokens, resource),
  MedicationRequest: (resource, tokens) => addCode(tokens, 'intent', resource.intent),
  ServiceRequest: (resource, tokens) => addCode(tokens, 'intent', resource.intent),
  PractitionerRole(resource, tokens) {
    addTokens(tokens, 'specialty', codingsOf(resource.specialty));
    const { reference } = (resource.practitioner ?? {}) as { readonly reference?: unknown };
    const id = referencedId(reference, 'Practitioner');
    if (id !== undefined) addCode(tokens, 'practitioner', id);
  },
  Provenance(resource, tokens) {
    const targets: readonly unknown[] = Array.isArray(resource.target) ? resource.target.slice(0, maxTokens) : [];
    for (const target of targets)
      addCode(tokens, 'target', relativeReference((target as { readonly reference?: unknown } | null)?.reference));
  },
};

const readTypeKeys = new Map(Object.entries(typeKeyReaders));

/** The elements that `readTypeKeys` read. */
const elementsOfTypeKeys = ['identifier', 'gender', 'intent', 'specialty', 'practitioner', 'target'];

function addCode(tokens: string[], parameter: TokenParameter, code: unknown): void {
  if (typeof code === 'string') tokens.push(searchToken({ parameter, code }));
}

/** Identifiers are short. A longer text is another thing, such as a whole message, and would fill the index. */
const maxIdentifierCharacters = 1000;

function addIdentifiers(tokens: string[], { identifier }: Resource): void {
  const identifiers = Array.isArray(identifier) ? identifier.slice(0, maxTokens) : [];
  const codings = identifiers.flatMap((element): readonly Coding[] => {
    const { system, value } = (element ?? {}) as { readonly system?: unknown; readonly value?: unknown };
    const sizes = [system, value].map((text) => (typeof text === 'string' ? text.length : 0));
    if (sizes.some((size) => size > maxIdentifierCharacters)) return [];
    return toCoding({ system, code: value });
  });
  addTokens(tokens, 'identifier', codings);
}

const commonElements = ['resourceType', 'id', 'meta', 'status', 'lifecycleStatus', 'clinicalStatus', 'category'];

/** The top-level elements that `extractSearchKeys` reads in resources of a type. The others need not be parsed. */
export function searchedElementsOf(resourceType: string): ReadonlySet<string> {
  const paths = [...patientPathsOf(resourceType), ...codePathsOf(resourceType), ...datePathsOf(resourceType)];
  const ofType = readTypeKeys.has(resourceType) ? elementsOfTypeKeys : [];
  const texts = hasTexts(resourceType) ? textElements : [];
  return new Set([...commonElements, ...ofType, ...texts, ...paths.map(([element = '']) => element)]);
}

interface Coding {
  readonly code: string;
  readonly system?: string;
  /** Whether this is the value of an element of type `code`, whose system is implied by FHIR and missing in the resource. */
  readonly isBare?: boolean;
}

/** Reads codings, up to as many as have tokens. */
function codingsOf(value: unknown): Coding[] {
  const concepts: readonly unknown[] = Array.isArray(value) ? value.slice(0, maxTokens) : [value];
  return concepts.flatMap((concept): readonly Coding[] => {
    if (typeof concept === 'string') return [{ code: concept, isBare: true }];
    const codings = (concept as { coding?: unknown } | null | undefined)?.coding;
    return Array.isArray(codings) ? codings.slice(0, maxTokens).flatMap(toCoding) : [];
  });
}

function toCoding(value: unknown): readonly Coding[] {
  const { system, code } = (value ?? {}) as { readonly system?: unknown; readonly code?: unknown };
  if (typeof code !== 'string') return [];
  return [typeof system === 'string' ? { code, system } : { code }];
}

function addTokens(tokens: string[], parameter: TokenParameter, codings: readonly Coding[]): void {
  for (const { code, system = '', isBare } of codings) {
    tokens.push(searchToken({ parameter, code }));
    if (!isBare) tokens.push(searchToken({ parameter, code, system }));
  }
}

/** Duplicates are very rare, and creating a set for a few texts takes longer than this check. */
function distinct(texts: string[]): string[] {
  const areFew = texts.length <= 16;
  return areFew && texts.every((text, index) => texts.indexOf(text) === index) ? texts : [...new Set(texts)];
}

/** @param value a date, a Period or a Timing */
function dateRangeOf(value: unknown): DateRange | undefined {
  if (typeof value === 'string') return readDateRange(value);
  const { start, end, event, repeat } = (value ?? {}) as {
    [Name in 'start' | 'end' | 'event' | 'repeat']?: unknown;
  };
  return event === undefined && repeat === undefined ? periodRange(start, end) : timingRange(event, repeat);
}

/** Only the outer limits matter: https://hl7.org/fhir/R4/search.html#date. */
function timingRange(event: unknown, repeat: unknown): DateRange | undefined {
  const { boundsPeriod } = (repeat ?? {}) as { boundsPeriod?: { start?: unknown; end?: unknown } | null };
  const events = (Array.isArray(event) ? event : []).map((instant) =>
    typeof instant === 'string' ? readDateRange(instant) : undefined,
  );
  const ranges = [...events, periodRange(boundsPeriod?.start, boundsPeriod?.end)].filter(
    (range) => range !== undefined,
  );
  if (ranges.length === 0) return undefined;
  // Arguments of a function, as for `Math.min`, would be limited by the stack.
  let [{ start, end }] = ranges as [DateRange, ...DateRange[]];
  for (const range of ranges) {
    if (range.start < start) start = range.start;
    if (range.end > end) end = range.end;
  }
  return { start, end };
}

/** @returns undefined if both ends are missing, or if one that is present cannot be read */
function periodRange(start: unknown, end: unknown): DateRange | undefined {
  if (typeof start !== 'string' && typeof end !== 'string') return undefined;
  const first = typeof start === 'string' ? readDateRange(start)?.start : openStart;
  const last = typeof end === 'string' ? readDateRange(end)?.end : openEnd;
  if (!first || !last) return undefined;
  // A period whose ends are swapped was written by mistake. Its instants are still between the two.
  return first <= last ? { start: first, end: last } : { start: last, end: first };
}

/**
 * A coded value in its indexed form. A coding has two: its code alone, and its code with its system, which may be missing
 * (https://hl7.org/fhir/R4/search.html#token).
 */
export function searchToken(options: {
  readonly parameter: TokenParameter;
  readonly code: string;
  /** An empty string means that the coding has no system. Undefined means any system. */
  readonly system?: string | undefined;
}): string {
  const { parameter, code, system } = options;
  return system === undefined ? `${parameter}=${code}` : `${parameter}=${system}|${code}`;
}
