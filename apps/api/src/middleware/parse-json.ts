import { AppError } from '@bulkhead/domain';
import { json, type RequestHandler } from 'express';

/** The deepest request, a schedule's, has 3. */
const maxDepth = 20;

/** Reads the body as JSON whatever its type says. No request needs more than some kilobytes; a larger one is a mistake or an attack. */
export function parseJson(): RequestHandler {
  return json({ limit: '100kb', type: () => true, verify: (_request, _response, body) => checkDepth(body) });
}

/** Before it is parsed: what walks a value later goes as deep as the value does. */
function checkDepth(body: Buffer): void {
  // Brackets inside of a text are none.
  const structure = body.toString('latin1').replace(/"(?:[^"\\]|\\.)*"/gs, '');
  let depth = 0;
  for (const [bracket] of structure.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > maxDepth) throw tooDeep();
  }
}

function tooDeep(): AppError {
  return new AppError({
    code: 'not-json',
    message: `The body is nested deeper than ${maxDepth} levels. No request needs that.`,
    retry: 'never',
  });
}
