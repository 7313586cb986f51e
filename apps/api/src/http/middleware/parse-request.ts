import { AppError, type Fault, invalidRequest } from '@bulkhead/runtime';
import { json, type RequestHandler } from 'express';
import type { z } from 'zod';

/** @throws AppError `invalid-request` with every fault by path. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.flatMap(toFaults));
}

/** One fault a field: Zod reports all unknown fields of an object as one issue of the object. */
function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message }];
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a field of this request' }));
}

/** The deepest request, a schedule's, has 3. */
const maxDepth = 20;

/** Reads the body as JSON whatever its type says. No request needs more than some kilobytes; a larger one is a mistake or an attack. */
export function parseJson(): RequestHandler {
  return json({ limit: '100kb', type: () => true, verify: (_request, _response, body) => checkDepth(body) });
}

/** Checks the depth before the body is parsed, because code that walks a value recurses as deep as the value is nested. */
function checkDepth(body: Buffer): void {
  let depth = 0;
  let inString = false;
  for (let position = 0; position < body.length; position++) {
    const byte = body[position] as number;
    if (byte === quote) inString = !inString;
    // The character after a backslash cannot end the string.
    else if (byte === backslash && inString) position++;
    else if (!inString && openingBrackets.has(byte)) depth++;
    else if (!inString && closingBrackets.has(byte)) depth--;
    if (depth > maxDepth) throw tooDeep();
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openingBrackets: ReadonlySet<number> = new Set(Buffer.from('[{'));
const closingBrackets: ReadonlySet<number> = new Set(Buffer.from(']}'));

function tooDeep(): AppError {
  return new AppError({
    code: 'not-json',
    message: `The body is nested deeper than ${maxDepth} levels. No request needs that.`,
    retry: 'never',
  });
}
