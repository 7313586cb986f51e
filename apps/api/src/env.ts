import { isIP } from 'node:net';
import { IdentityProvider } from '@bulkhead/access';
import { auditEnvShape } from '@bulkhead/access/audit';
import { parseEnv, processEnvShape } from '@bulkhead/base';
import { proxyEnvShape } from '@bulkhead/base/egress';
import { encryptionEnvShape, type Unwrapped, unwrapKeys } from '@bulkhead/base/encryption';
import type { StoreOptions } from '@bulkhead/system';
import { z } from 'zod';

export const apiEnvSchema = z
  .object({
    ...processEnvShape,
    ...encryptionEnvShape,
    ...auditEnvShape,
    ...proxyEnvShape,
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    /** The interface to listen on. 127.0.0.1 accepts requests of this machine only. */
    HOST: z.string().default('0.0.0.0'),
    /**
     * The limit of each key without its own limit. One process answers about 500 status requests a second. Twice that never stops a
     * correct program, and it stops an endless loop before it overloads a second process.
     */
    API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(60_000),
    /**
     * The limit of refused keys for each address. A correct program with a wrong key retries about once a second.
     */
    API_REFUSALS_PER_MINUTE: z.coerce.number().int().min(1).default(60),
    /**
     * The limit of launches, for all addresses together, and twice the limit of the requests of one address that start or finish an
     * authorization. An authorization takes two. Each callback can cost a new token, and athenahealth grants 50 a minute.
     */
    API_AUTHORIZATIONS_PER_MINUTE: z.coerce.number().int().min(2).default(20),
    /** The identity provider at which people log in: its issuer. Without it, people log in with an API key. */
    API_OIDC_ISSUER: z
      .string()
      .refine(isIssuer, 'must be the https:// URL of the issuer. http:// is accepted for this machine only')
      .optional(),
    API_OIDC_CLIENT_ID: z.string().min(1).optional(),
    API_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
    API_OIDC_SCOPE: z.string().default('openid profile'),
    /** The claim with the roles or groups of a person. */
    API_OIDC_ROLE_CLAIM: z.string().min(1).default('roles'),
    /** The values of the claim for the three roles. */
    API_OIDC_VIEWERS: z.string().min(1).default('bulkhead-viewer'),
    API_OIDC_OPERATORS: z.string().min(1).default('bulkhead-operator'),
    API_OIDC_ADMINS: z.string().min(1).default('bulkhead-admin'),
    /** `off` lets people log in to the console at the identity provider only. Programs still send keys. */
    API_KEY_LOGIN: z.enum(['on', 'off']).default('on'),
    /** Where clients reach this API: the URL of the proxy in front of it. Backend clients get tokens only if it is set, or on this machine. */
    API_PUBLIC_URL: z
      .url({ protocol: /^https?$/, error: 'must be the https:// URL at which clients reach the API' })
      .transform((url) => (url.endsWith('/') ? url.slice(0, -1) : url))
      .optional(),
    /** Whether the keys of backend clients may be read from http and private addresses. */
    API_CLIENT_KEYS_PRIVATE_NETWORK: z.stringbool().default(false),
    /** Whether `/docs` and `/openapi.json` are served, which need no key. */
    API_DOCS: z.enum(['on', 'off']).default('on'),
    /** By default the address of a request is that of its connection, and its scheme is https only if this process terminates TLS. */
    TRUST_PROXY: z
      .string()
      .default('0')
      .transform((text) => (/^\d+$/.test(text) ? Number(text) : text.split(',').map((proxy) => proxy.trim())))
      .refine(
        (setting) => typeof setting === 'number' || setting.every(isProxy),
        'must be the number of proxies in front of the API, or a comma-separated list of their addresses and networks (10.0.0.0/8, loopback)',
      ),
    /** The folder of the built console. Default: the folder next to this app that `pnpm build` writes. */
    CONSOLE_DIR: z.string().optional(),
  })
  .superRefine(({ API_OIDC_ISSUER, API_OIDC_CLIENT_ID, API_KEY_LOGIN }, { addIssue }) => {
    const message = 'is required with API_OIDC_ISSUER, and the other way round';
    if ((API_OIDC_ISSUER === undefined) !== (API_OIDC_CLIENT_ID === undefined))
      addIssue({ code: 'custom', path: ['API_OIDC_CLIENT_ID'], message });
    if (API_KEY_LOGIN === 'off' && API_OIDC_ISSUER === undefined)
      addIssue({ code: 'custom', path: ['API_KEY_LOGIN'], message: 'can be off only with API_OIDC_ISSUER' });
  });
export type ApiConfig = Unwrapped<z.output<typeof apiEnvSchema>>;

/** The values that Express accepts, except `true`, which would trust every client. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

export async function readApiConfig(env: NodeJS.ProcessEnv): Promise<ApiConfig> {
  return unwrapKeys(parseEnv(apiEnvSchema, env), env);
}

export function storeOptions(config: ApiConfig): StoreOptions {
  return {
    uri: config.MONGODB_URI,
    encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
    previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
    auditDays: config.BULKHEAD_AUDIT_DAYS,
  };
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}

/** @returns undefined if people log in with keys only */
export function identityProviderOf(config: ApiConfig): IdentityProvider | undefined {
  const { API_OIDC_ISSUER: issuer, API_OIDC_CLIENT_ID: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  return new IdentityProvider({
    issuer,
    clientId,
    clientSecret: config.API_OIDC_CLIENT_SECRET,
    scope: config.API_OIDC_SCOPE,
    roleClaim: config.API_OIDC_ROLE_CLAIM,
    roles: {
      viewer: config.API_OIDC_VIEWERS,
      operator: config.API_OIDC_OPERATORS,
      admin: config.API_OIDC_ADMINS,
    },
  });
}
