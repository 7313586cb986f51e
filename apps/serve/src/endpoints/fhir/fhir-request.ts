import { accessError, isGranted } from '@bulkhead/access';
import { invalidRequest } from '@bulkhead/base';
import { apiError, type Caller, originOf, type ProcessState } from '@bulkhead/http';
import type { Request } from 'express';
import { z } from 'zod';
import { fhirJson } from '../resources/fhir-answers.ts';

/** The FHIR base URL of a connection, as a path of Express. */
export const base = '/api/ehr/:provider/fhir/:connectionId';

/** All FHIR endpoints answer errors as OperationOutcomes, and accept tokens of backend clients. */
export const fhirEndpoint = { errorFormat: 'fhir', acceptsTokens: true } as const;

const jsonFormats = ['json', 'application/json', 'application/fhir+json', 'text/json'];

/** Parameters that many clients add to every request (https://hl7.org/fhir/R4/http.html#parameters). */
export const formatShape = {
  _format: z
    .enum(jsonFormats, `must be ${fhirJson}, because there is no other format`)
    .optional()
    .describe('`json`. There is no other format.'),
  _pretty: z.enum(['true', 'false']).optional().describe('Accepted, and without an effect.'),
};

/** The absolute URL of the request, below the FHIR base URL. */
export function selfOf(options: { readonly request: Request; readonly process: Pick<ProcessState, 'publicUrl'> }): URL {
  const { request, process } = options;
  return new URL(originOf(request, process) + request.originalUrl);
}

/** The version of FHIR that `Accept` can name (https://hl7.org/fhir/R4/http.html#version-parameter). */
const fhirVersion = '4.0';

/** @throws AppError `not-acceptable` */
export function checkAccepts(request: Request, types: readonly string[]): void {
  const { accept } = request.headers;
  if (accept !== undefined) request.headers.accept = withoutVersion(accept);
  if (request.headers.accept !== '' && request.accepts([...types]) !== false) return;
  throw apiError('not-acceptable', {
    message: `The header \`Accept\` allows none of ${types.join(', ')} in the version ${fhirVersion} of FHIR. Add one of them.`,
  });
}

/** Takes the parameter `fhirVersion` out of an `Accept`, and types with another version, because no other one can be sent. */
function withoutVersion(accept: string): string {
  const types = accept.split(',').flatMap((type) => {
    const parts = type.split(';').map((part) => part.trim());
    const version = parts.find((part) => /^fhirVersion=/i.test(part));
    if (version === undefined) return [type.trim()];
    const isServed = version.slice(version.indexOf('=') + 1).replaceAll('"', '') === fhirVersion;
    return isServed ? [parts.filter((part) => part !== version).join('; ')] : [];
  });
  return types.join(', ');
}

/** Whether a caller may do this with the resources of a type: `r` reads single ones, `s` searches and exports. */
export function isAllowed(
  { apiKey: { grantedScope: scope } }: Caller,
  resourceType: string,
  right: 'r' | 's',
): boolean {
  return scope === undefined || isGranted({ scope, resourceType, right });
}

/** @throws AppError `scope-not-sufficient` */
export function checkScope(caller: Caller, resourceType: string, right: 'r' | 's'): void {
  if (isAllowed(caller, resourceType, right)) return;
  const { grantedScope: scope } = caller.apiKey;
  throw accessError('scope-not-sufficient', {
    message: `The scopes of this token do not cover ${resourceType}: ${scope}. Request a token with more scopes.`,
  });
}

/** Takes the parameters of the format out of a search, which knows only its own. @throws AppError `invalid-request` */
export function withoutFormat(parameters: URLSearchParams): URLSearchParams {
  const format = parameters.get('_format');
  if (format !== null && !jsonFormats.includes(format))
    throw invalidRequest([{ path: '_format', message: `must be ${fhirJson}, because there is no other format` }]);
  const others = new URLSearchParams(parameters);
  for (const name of Object.keys(formatShape)) others.delete(name);
  return others;
}
