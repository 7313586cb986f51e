import type { z } from 'zod';
import { type Fault, invalidRequest } from './errors.ts';

export type Validated<Data> =
  | { readonly isValid: true; readonly data: Data }
  | { readonly isValid: false; readonly faults: readonly Fault[] };

/**
 * Parses what a user or an operator wrote, and describes each fault in a sentence that says what to change. Zod's own messages are
 * written for programmers. A message that the schema itself has for a fault is kept.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): Validated<z.output<Schema>> {
  const result = schema.safeParse(value, { error: faultMessage });
  if (result.success) return { isValid: true, data: result.data };
  return { isValid: false, faults: result.error.issues.slice(0, maxFaults).flatMap(toFaults).slice(0, maxFaults) };
}

/** @throws AppError `invalid-request` with the first faults, by path */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = validate(schema, value);
  if (result.isValid) return result.data;
  throw invalidRequest(result.faults);
}

/** More faults help no reader, and one request can have a hundred thousand. */
const maxFaults = 20;

/** Returns one fault for each field. Zod reports all unknown fields of an object as one issue. */
function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message }];
  return issue.keys
    .slice(0, maxFaults)
    .map((key) => ({ path: [...path, key].join('.'), message: 'is not a field of this object' }));
}

function faultMessage(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${typeNames[issue.expected] ?? 'of another type'}`;
    case 'invalid_value':
      return mustBeOneOf(issue.values);
    case 'invalid_union':
      return Array.isArray(issue.options) ? mustBeOneOf(issue.options) : 'has none of the allowed forms';
    case 'too_small':
      return `must be at least ${amountOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `must be at most ${amountOf(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      return `${formatNames[issue.format] ?? 'has the wrong format'}${issue.format === 'datetime' ? youSent(issue.input) : ''}`;
    default:
      return 'is not valid';
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const formatNames: Readonly<Record<string, string>> = {
  url: 'must be a URL',
  datetime: 'must be a timestamp with a time zone, such as 2026-01-01T00:00:00Z',
};

/** Only for values that are not secret, such as times. */
export function youSent(value: unknown): string {
  return typeof value === 'string' ? `. You sent ${JSON.stringify(value.slice(0, 60))}` : '';
}

function mustBeOneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `must be ${String(values[0])}` : `must be one of: ${values.join(', ')}`;
}

function amountOf(origin: string, limit: unknown): string {
  const count = String(limit);
  if (origin === 'string') return `${count} ${count === '1' ? 'character' : 'characters'} long`;
  return origin === 'array' ? `${count} ${count === '1' ? 'entry' : 'entries'} long` : count;
}
