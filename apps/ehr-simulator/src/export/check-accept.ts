import type { HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';

const mediaTypes = {
  'kick-off': 'application/fhir+json',
  status: 'application/json',
  file: 'application/fhir+ndjson',
} as const;

/**
 * Records a violation unless the Accept header is exactly the media type, because bulk data servers compare it literally.
 * @throws OutcomeError 406 for a kick-off, and if `strictAccept` is set.
 */
export function checkAccept({ simulator, req }: HandleInput, what: keyof typeof mediaTypes): void {
  const mediaType = mediaTypes[what];
  // A list in which it is the first is for servers that answer with another one.
  if (req.get('accept')?.split(',')[0] === mediaType) return;
  simulator.traffic.recordViolation({ req, kind: 'headers', reason: `${what} without Accept: ${mediaType}` });
  if (what !== 'kick-off' && !simulator.options.strictAccept) return;
  throw new OutcomeError({ status: 406, code: 'not-supported', text: `The Accept header must be ${mediaType}.` });
}
