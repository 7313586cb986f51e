/** Where a user is sent, as the EHR's discovery says. */
export interface AuthorizationEndpoints {
  readonly authorizationEndpoint: string;
  readonly issuer?: string;
  /** RFC 9207: the answer names the issuer. */
  readonly namesIssuer: boolean;
}
