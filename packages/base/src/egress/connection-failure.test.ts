import { expect, test } from '@jest/globals';
import { connectionRemedy } from './connection-failure.ts';

test.each([
  { codes: ['ENOTFOUND', 'EAI_AGAIN'], remedy: /DNS servers/ },
  { codes: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'], remedy: /clock/ },
  { codes: ['ERR_TLS_CERT_ALTNAME_INVALID'], remedy: /another host name/ },
  {
    codes: ['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    remedy: /NODE_EXTRA_CA_CERTS/,
  },
  { codes: ['ERR_PROXY_TUNNEL'], remedy: /HTTPS_PROXY.*NO_PROXY/ },
  { codes: ['ECONNREFUSED', 'ETIMEDOUT', 'EPROTO', ''], remedy: /firewall.*HTTPS_PROXY/ },
])('connectionRemedy says what to do about $codes', ({ codes, remedy }) => {
  for (const code of codes) expect(connectionRemedy(code)).toMatch(remedy);
});
