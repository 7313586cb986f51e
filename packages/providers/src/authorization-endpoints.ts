/** The endpoints at which a user authorizes a connection, from the discovery document of the EHR. */
export interface AuthorizationEndpoints {
  readonly authorizationEndpoint: string;
  readonly issuer?: string;
  /** The authorization response contains the issuer (RFC 9207). */
  readonly namesIssuer: boolean;
}
