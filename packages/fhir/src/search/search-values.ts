import {
  type DirectReference,
  readReference as readLiteral,
  referencedId,
  relativeReference,
} from '../resources/reference.ts';
import { isResourceId } from '../resources/resource.ts';
import { type DateRange, readDateRange } from './date-range.ts';
import { targetsOf } from './reference-parameters.ts';
import { searchToken } from './search-keys.ts';
import type { SearchParameter, TokenParameter } from './search-parameters.ts';
import { foldText, type TextCriterion } from './search-texts.ts';

/** @throws WrongValue that says what is wrong */
export type ReadValue<Value> = (value: string) => Value;

export class WrongValue extends Error {}

export function readId(value: string): string {
  if (isResourceId(value)) return value;
  throw new WrongValue(`${JSON.stringify(value)} is not an id. Ids consist of letters, digits, "-", "." and "_"`);
}

export function readPatient(value: string): string {
  return readReference(value, 'Patient');
}

/** Reads `x`, or a reference to a resource of the type. */
function readReference(value: string, type: 'Patient' | 'Practitioner'): string {
  const id = isResourceId(value) ? value : referencedId(value, type);
  if (id !== undefined) return id;
  throw new WrongValue(`${JSON.stringify(value)} is not a ${type.toLowerCase()}. Use an id or ${type}/id`);
}

/** Reads `Type/x` or the absolute URL of a resource. */
function readTarget(value: string): string {
  const reference = relativeReference(value);
  if (reference !== undefined) return reference;
  throw new WrongValue(`${JSON.stringify(value)} does not name a resource. Use its type and id, such as Observation/1`);
}

/** The types of targets that are meant by an id alone. */
const typesOfIds: Readonly<Record<string, string>> = { ...targetsOf, encounter: 'Encounter' };

/** Reads `Type/x` or the absolute URL of a resource, and `x` if the parameter has one type of target. */
export function readReferenceTo(parameter: string): ReadValue<DirectReference> {
  const type = Object.hasOwn(typesOfIds, parameter) ? typesOfIds[parameter] : undefined;
  return (value) => {
    if (type !== undefined && isResourceId(value)) return { type, id: value };
    const target = readLiteral(value);
    if (target !== undefined) return target;
    throw new WrongValue(
      `${JSON.stringify(value)} does not name a resource. Use its type and id, such as ${type ?? 'Observation'}/1`,
    );
  };
}

/** Elements of type `code`. FHIR implies their system, so the stored resource has none. */
const bareNames = ['status', 'lifecycle-status', 'gender', 'intent'];

export function readToken(
  { name, type }: Pick<SearchParameter, 'name' | 'type'>,
  parameter: TokenParameter,
): ReadValue<string> {
  if (parameter === 'target') return (value) => searchToken({ parameter, code: readTarget(value) });
  if (type === 'reference') return (value) => searchToken({ parameter, code: readReference(value, 'Practitioner') });
  return (value) => {
    const [first = '', second, ...others] = splitUnescaped(value, '|').map(withoutEscapes);
    const shown = JSON.stringify(value);
    if (others.length > 0)
      throw new WrongValue(`${shown} has more than one "|". Escape a "|" that is part of a code as "\\|"`);
    if (second === undefined) return searchToken({ parameter, code: first });
    if (bareNames.includes(name))
      throw new WrongValue(`${shown} has a system, but a ${name} has none. Use only the code`);
    if (second === '') throw new WrongValue(`${shown} has a system without a code, which is not supported`);
    return searchToken({ parameter, code: second, system: first });
  };
}

export function readText(keys: readonly string[]): ReadValue<TextCriterion> {
  return (value) => {
    const prefix = foldText(withoutEscapes(value));
    if (prefix === '') throw new WrongValue(`${JSON.stringify(value)} has no letters. Use the beginning of a name`);
    return { keys, prefix };
  };
}

export function readDate(value: string): DateCriterion {
  const statedPrefix = /^[a-z]{2}/.exec(value)?.[0];
  const prefix = datePrefixes.find((name) => name === (statedPrefix ?? 'eq'));
  const shown = JSON.stringify(value);
  if (!prefix) throw new WrongValue(`${shown} has an unknown prefix. Supported prefixes: ${datePrefixes.join(', ')}`);
  const range = readDateRange(statedPrefix === undefined ? value : value.slice(2));
  if (range) return { prefix, ...range };
  const hint = value.includes(' ') ? '. Escape a "+" in a URL as %2B' : '';
  throw new WrongValue(`${shown} is not a date such as 2024, 2024-01, ge2024-01-31 or lt2024-01-31T10:00:00Z${hint}`);
}

/** A few megabytes of most types. NDJSON is the better format for more. */
const maxCount = 1000;

export function readCount(value: string): number {
  const count = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (count >= 1 && count <= maxCount) return count;
  throw new WrongValue(`must be a whole number from 1 to ${maxCount}. Request NDJSON to get all matches`);
}

/** An estimate may be accurate: https://hl7.org/fhir/R4/search.html#total. */
export function readTotal(value: string): boolean {
  if (value === 'none') return false;
  if (value === 'accurate' || value === 'estimate') return true;
  throw new WrongValue('must be none, accurate or estimate');
}

export function readSummary(value: string): boolean {
  if (value === 'false') return false;
  if (value === 'count') return true;
  throw new WrongValue('must be count or false. Name the elements that you need in `_elements`');
}

export function readElement(value: string): string {
  if (/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(value)) return value;
  throw new WrongValue(`${JSON.stringify(value)} is not the name of an element of the resource, such as code`);
}

/** How a date is compared: https://hl7.org/fhir/R4/search.html#prefix. */
const datePrefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const;

export interface DateCriterion extends DateRange {
  readonly prefix: (typeof datePrefixes)[number];
}

/** Splits at separators that are not escaped by a backslash. */
export function splitUnescaped(value: string, separator: string): string[] {
  const parts = [];
  let start = 0;
  for (let at = 0; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === separator) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, value.slice(start)];
}

function withoutEscapes(value: string): string {
  return value.replace(/\\([\\,|$])/g, '$1');
}
