import type { AppError } from '@bulkhead/base';
import { json, type RequestHandler } from 'express';
import { apiError } from '../errors/errors.ts';

/** The deepest request, that of a schedule, has 3 levels. */
const maxDepth = 20;

/**
 * Reads the body as JSON, regardless of its content type. Requests need a few kilobytes. A larger one is a mistake or an attack.
 * @param options.limit for an endpoint that needs more
 */
export function parseJson({ limit = '100kb' }: { readonly limit?: string } = {}): RequestHandler {
  return json({ limit, type: () => true, verify: (_request, _response, body) => checkDepth(body) });
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
  return apiError('not-json', {
    message: `The body is nested more than ${maxDepth} levels deep. Send a flatter JSON object.`,
  });
}
