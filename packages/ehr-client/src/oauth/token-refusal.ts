import type { ConnectionAuth } from '@bulkhead/providers';

type Method = Exclude<ConnectionAuth['method'], 'none'>;

/** What to do about a refusal by the token endpoint, by its own code (RFC 6749 5.2) and by how the client shows who it is. */
const remedies: Readonly<Record<string, Partial<Record<Method, string>> & { readonly any: string }>> = {
  invalid_client: {
    client_credentials: 'Verify the client id and replace the client secret of the connection.',
    private_key_jwt:
      'Verify the client id, and that the EHR has the public key of GET /.well-known/jwks.json for this application.',
    any: 'Verify the client id and the credentials of the connection, and that the application is active at the EHR.',
  },
  invalid_grant: {
    private_key_jwt:
      "The signed assertion was rejected. Verify that the EHR has the public key of GET /.well-known/jwks.json, and compare the EHR's clock with yours.",
    client_credentials: 'Verify that the application may use client credentials at the EHR.',
    any: "The user's authorization has ended. Open the authorize address of the connection again.",
  },
  unauthorized_client: {
    any: "The application is not registered for this way of authorization. Enable it in the EHR's developer portal, or use another method for the connection.",
  },
  unsupported_grant_type: {
    any: 'The EHR does not offer this way of authorization. Use another method for the connection.',
  },
  invalid_scope: {
    any: "The application is not registered for a scope of the connection. Compare its `auth.scope` with the EHR's developer portal, its version included: system/Patient.read or system/Patient.rs.",
  },
  invalid_request: {
    any: 'The EHR does not understand the token request. Verify the token endpoint and the method of the connection.',
  },
  access_denied: { any: 'The EHR denies this application access. Verify that the practice has enabled it.' },
};

const unknownRemedy = 'Verify the client id, the credentials and the scope of the connection.';

/** @param options.reason the EHR's own code; other codes than those of RFC 6749 get the general advice */
export function tokenRemedy(options: { readonly reason: string | undefined; readonly method: Method }): string {
  const { reason = '', method } = options;
  const known = Object.hasOwn(remedies, reason) ? remedies[reason] : undefined;
  return known?.[method] ?? known?.any ?? unknownRemedy;
}
