import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBrowser } from '@bulkhead/testing';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

/** A person of the provider: the account, and what its ID token says. */
export type Account = Readonly<Record<string, unknown>>;

/**
 * Starts an OpenID provider that this project did not write, with its own pages for the login and the consent.
 * @param options.redirectUri known when the API listens
 */
export async function startIdentityProvider(options: {
  readonly accounts: Readonly<Record<string, Account>>;
  readonly redirectUri: () => string;
  /** Whether the roles are in the ID token. Otherwise only the UserInfo endpoint has them. */
  readonly hasRolesInIdToken?: boolean;
  /** Changes an ID token after it was signed. `sign` signs other claims as the provider does. */
  readonly tamper?: (idToken: string, sign: (claims: JWTPayload) => Promise<string>) => string | Promise<string>;
}) {
  const { accounts, redirectUri, hasRolesInIdToken = true, tamper = (idToken) => idToken } = options;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { clientId: 'bulkhead', clientSecret: 'a-secret-of-the-client' };
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = 'signs-id-tokens';
  const jwks = { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }] };
  const sign = (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  let provider: ReturnType<Provider['callback']> | undefined;
  const createProvider = () => {
    const created = new Provider(issuer, {
      clients: [
        {
          client_id: client.clientId,
          client_secret: client.clientSecret,
          redirect_uris: [redirectUri()],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      jwks,
      claims: { openid: ['sub'], profile: ['name', 'roles'] },
      conformIdTokenClaims: !hasRolesInIdToken,
      findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) }),
    });
    created.use(async (context, next) => {
      await next();
      const body = context.body as { id_token?: string } | undefined;
      if (body?.id_token !== undefined) body.id_token = await tamper(body.id_token, sign);
    });
    return created.callback();
  };
  server.on('request', (request, response) => {
    provider ??= createProvider();
    provider(request, response);
  });
  return {
    issuer,
    ...client,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Follows redirects, and fills in the forms of the provider, as a person does in a browser. @returns the last response of the API */
export async function logInAt(options: { readonly baseUrl: string; readonly account: string; readonly next?: string }) {
  const { baseUrl, account, next = '/' } = options;
  const browser = createBrowser();
  let url = `${baseUrl}/login/start?next=${encodeURIComponent(next)}`;
  for (let steps = 0; steps < 20; steps++) {
    const response = await browser.open(url);
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url).href;
      continue;
    }
    const text = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (action === undefined || url.startsWith(baseUrl)) return { browser, url, status: response.status, text };
    const prompt = /name="prompt" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const submitted = await browser.submit(new URL(action, url).href, { prompt, login: account, password: 'x' });
    url = new URL(submitted.headers.get('location') ?? '', url).href;
  }
  throw new Error('the login does not end');
}
