import { isIP } from 'node:net';
import { auditEnvShape } from '@bulkhead/audit';
import { encryptionEnvShape, type Unwrapped, unwrapKeys } from '@bulkhead/encryption';
import { parseEnv, processEnvShape } from '@bulkhead/runtime';
import type { StoreOptions } from '@bulkhead/system';
import { z } from 'zod';

export const apiEnvSchema = z.object({
  ...processEnvShape,
  ...encryptionEnvShape,
  ...auditEnvShape,
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
  API_AUTHORIZATIONS_PER_MINUTE: z.coerce.number().int().min(2).default(40),
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
