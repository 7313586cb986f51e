import type { AuthorizationEndpoints } from '@bulkhead/providers';
import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

/**
 * One run through the authorization code flow: `created` (by a client of the API, or by a launch), `started` (a browser was
 * sent to the EHR), `redeeming` (it came back with a code), then an end.
 */
export const authorizationRequestSchema = z.strictObject({
  id: z.string(),
  provider: z.string(),
  /** Who has begun it: an operator in their own browser, a program for a user's, or an EHR, for the patient that it shows. */
  kind: z.enum(['operator', 'invitation', 'launch']),
  /** The connection that is authorized again; left out: a new one. */
  connectionId: z.string().exactOptional(),
  redirectUri: z.string(),
  clientId: z.string(),
  scope: z.string(),
  fhirEndpoint: z.string(),
  phase: z.enum(['created', 'started', 'redeeming', 'done', 'failed']),
  endpoints: z.custom<AuthorizationEndpoints>().exactOptional(),
  /** Which connection it came to. */
  result: z.strictObject({ connectionId: z.string() }).exactOptional(),
  error: z.strictObject({ code: z.string(), message: z.string() }).exactOptional(),
  expiresAt: z.date(),
});
export type AuthorizationRequest = Immutable<z.output<typeof authorizationRequestSchema>>;
