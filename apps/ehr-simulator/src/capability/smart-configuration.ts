/** SMART App Launch 2.0, section 6: what `.well-known/smart-configuration` says. */
export function smartConfiguration(baseUrl: string): Record<string, unknown> {
  const oauth = `${baseUrl}/oauth2/v1`;
  return {
    issuer: oauth,
    authorization_endpoint: `${oauth}/authorize`,
    token_endpoint: `${oauth}/token`,
    revocation_endpoint: `${oauth}/revoke`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['launch/patient', 'patient/*.read', 'system/*.read', 'system/*.rs', 'offline_access'],
    capabilities: [
      'launch-standalone',
      'client-public',
      'client-confidential-symmetric',
      'context-standalone-patient',
      'permission-patient',
      'permission-v1',
      'permission-v2',
    ],
  };
}
