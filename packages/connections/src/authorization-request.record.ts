import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import type { AuthorizationEndpoints } from '@bulkhead/ehr/providers';
import { z } from 'zod';

/**
 * One run through the authorization code flow (see `AuthorizationService`).
 *
 *     created --> started --> redeeming --> done
 *        |           |            |
 *        +-----------+------------+-------> failed
 *
 * - `created`: a client of the API or an EHR launch has asked for it.
 * - `started`: the API has sent a browser to the EHR.
 * - `redeeming`: the browser came back with a code, which a worker redeems.
 */
export const authorizationRequestSchema = z.strictObject({
  id: z.string(),
  provider: z.string(),
  /**
   * What began the request: an operator in their own browser, a program that gives a user an address, or an EHR that launches the
   * application for the patient that it shows.
   */
  kind: z.enum(['operator', 'invitation', 'launch']),
  /** The connection that is authorized again. Absent if the authorization creates a connection. */
  connectionId: z.string().exactOptional(),
  redirectUri: z.string(),
  clientId: z.string(),
  scope: z.string(),
  fhirEndpoint: z.string(),
  phase: z.enum(['created', 'started', 'redeeming', 'done', 'failed']),
  endpoints: z.custom<AuthorizationEndpoints>().exactOptional(),
  /** The connection that was created or authorized again. */
  result: z.strictObject({ connectionId: z.string() }).exactOptional(),
  error: z.strictObject({ code: errorCodeSchema, message: z.string() }).exactOptional(),
  expiresAt: z.date(),
});
export type AuthorizationRequest = Immutable<z.output<typeof authorizationRequestSchema>>;
