import type { z } from 'zod';

/**
 * The message of a fault, if the schema has no message of its own for it. Zod's own messages are written for programmers. Pass this
 * function to `safeParse` as `error`.
 */
export function faultMessage(issue: z.core.$ZodRawIssue): string {
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
      return formatNames[issue.format] ?? 'has the wrong format';
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
  datetime: 'must be an instant with a time zone, such as 2026-01-01T00:00:00Z',
};

function mustBeOneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `must be ${String(values[0])}` : `must be one of: ${values.join(', ')}`;
}

function amountOf(origin: string, limit: unknown): string {
  const count = String(limit);
  if (origin === 'string') return `${count} ${count === '1' ? 'character' : 'characters'} long`;
  return origin === 'array' ? `${count} ${count === '1' ? 'entry' : 'entries'} long` : count;
}
