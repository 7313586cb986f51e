/**
 * Why a server could not be reached, by the codes of Node.js and OpenSSL, and what an operator can do. In a hospital the cause is
 * often between the two: a proxy, a firewall, or a DNS server.
 */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /^(ENOTFOUND|EAI_[A-Z]+)$/,
    'The host name could not be resolved. Verify the URL and the DNS servers of the workers.',
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    'The certificate of the server has expired or is not valid yet. Verify the clock of the workers. If it is right, tell the support of the server.',
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    'The certificate of the server belongs to another host name. Verify the URL.',
  ],
  [
    /^(SELF_SIGNED_CERT|DEPTH_ZERO|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|INVALID_CA)/,
    'The certificate of the server is not trusted. If a proxy inspects TLS, or the server has its own certificate authority, set NODE_EXTRA_CA_CERTS of the workers to a file with the certificate of that authority.',
  ],
  [
    /^ERR_PROXY_TUNNEL$/,
    'The proxy in HTTPS_PROXY did not connect to the server. Verify its rules for this host and, if it asks for a log-in, the user name and the password in HTTPS_PROXY. If the host needs no proxy, add it to NO_PROXY.',
  ],
];

const otherRemedy =
  'Verify the URL, and that the firewall lets the workers connect to it or to the proxy in HTTPS_PROXY. If all are right, see the status page of the server.';

/** @param code a code of Node.js, such as `ECONNREFUSED` */
export function connectionRemedy(code: string): string {
  return remedies.find(([pattern]) => pattern.test(code))?.[1] ?? otherRemedy;
}

/** Codes are words of a closed set. A message may quote received text. */
const codePattern = /^[\w-]{1,60}$/;

/** @returns the code of an error, such as `ECONNRESET` */
export function failureOf(error: unknown): { readonly code?: string } {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && codePattern.test(code) ? { code } : {};
}

/** @returns the code of the connection that failed. Undefined if the server answered */
export function connectionFailureOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { isAxiosError, response } = cause as { readonly isAxiosError?: boolean; readonly response?: unknown };
    if (isAxiosError) return response ? undefined : (failureOf(cause).code ?? 'UNKNOWN');
  }
  return undefined;
}
