import { IdentityProvider } from '@bulkhead/access';
import { parseEnv } from '@bulkhead/base';
import { proxyEnvShape } from '@bulkhead/base/egress';
import { type Unwrapped, unwrapKeys } from '@bulkhead/base/encryption';
import { httpEnvShape, trustProxySchema } from '@bulkhead/http';
import { z } from 'zod';

export const apiEnvSchema = z
  .object({
    ...proxyEnvShape,
    ...httpEnvShape,
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    /** The interface to listen on. 127.0.0.1 accepts requests of this machine only. */
    HOST: z.string().default('0.0.0.0'),
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
    /** Whether the keys of backend clients may be read from http and private addresses. */
    API_CLIENT_KEYS_PRIVATE_NETWORK: z.stringbool().default(false),
    /** Where the API reaches `serve`, which reads stored data. */
    SERVE_URL: z
      .url({ protocol: /^https?$/, error: 'must be the URL at which the API reaches `serve`' })
      .default('http://127.0.0.1:3100'),
    /** By default the address of a request is that of its connection, and its scheme is https only if this process terminates TLS. */
    TRUST_PROXY: trustProxySchema.prefault('0'),
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

export async function readApiConfig(env: NodeJS.ProcessEnv): Promise<ApiConfig> {
  return unwrapKeys(parseEnv(apiEnvSchema, env), env);
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
