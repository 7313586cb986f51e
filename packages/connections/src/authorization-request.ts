import type { AuthorizationEndpoints, Connection } from '@bulkhead/providers';

/**
 * One run through the authorization code flow: `created` (by a client of the API, or by a launch), `started` (a browser was
 * sent to the EHR), `redeeming` (it came back with a code), then an end.
 */
export interface AuthorizationRequest {
  readonly id: string;
  readonly provider: string;
  /** Who has begun it: an operator in their own browser, a program for a user's, or an EHR, for the patient that it shows. */
  readonly kind: 'operator' | 'invitation' | 'launch';
  /** The connection that is authorized again; left out: a new one. */
  readonly connectionId?: string;
  readonly redirectUri: string;
  readonly clientId: string;
  readonly scope: string;
  readonly fhirEndpoint: string;
  readonly phase: 'created' | 'started' | 'redeeming' | 'done' | 'failed';
  readonly endpoints?: AuthorizationEndpoints;
  /** Which connection it came to. */
  readonly result?: { readonly connectionId: string };
  readonly error?: { readonly code: string; readonly message: string };
  readonly expiresAt: Date;
}

/** What of a request is in memory only: stored encrypted. */
export interface AuthorizationSecrets {
  /** The connection that it makes, with its credentials. */
  readonly draft?: Connection;
  /** PKCE. */
  readonly verifier?: string;
  readonly code?: string;
  /** The issuer that came with the code. */
  readonly issuer?: string;
}
