import { issuerOf } from '../oauth/authorize-redirect.ts';

/** SMART App Launch 2.0, section 6: what `.well-known/smart-configuration` says. */
export function smartConfiguration(baseUrl: string): Record<string, unknown> {
  const oauth = issuerOf(baseUrl);
  return {
    issuer: oauth,
    authorization_endpoint: `${oauth}/authorize`,
    token_endpoint: `${oauth}/token`,
    revocation_endpoint: `${oauth}/revoke`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    authorization_response_iss_parameter_supported: true,
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['launch', 'launch/patient', 'patient/*.read', 'system/*.read', 'system/*.rs', 'offline_access'],
    capabilities: [
      'launch-standalone',
      'launch-ehr',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'context-standalone-patient',
      'context-ehr-patient',
      'permission-patient',
      'permission-v1',
      'permission-v2',
    ],
  };
}
