import { isIP } from 'node:net';
import { parseEnv, processEnvShape, type Unwrapped, unwrapKeys } from '@bulkhead/runtime';
import type { StoreOptions } from '@bulkhead/system';
import { z } from 'zod';

export const apiEnvSchema = z.object({
  ...processEnvShape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** The interface to listen on; 127.0.0.1 for this machine only. */
  HOST: z.string().default('0.0.0.0'),
  /**
   * Of each key that has no limit of its own. One process answers some 500 looks at a status in a second: twice that stops no
   * program that works, and a loop gone wild before it takes a second process along.
   */
  API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(60_000),
  /**
   * Of each address, with keys that are none. A program that has lost its key tries again every second or so; what asks more
   * often is no program that works.
   */
  API_REFUSALS_PER_MINUTE: z.coerce.number().int().min(1).default(60),
  /**
   * Of browsers on their way to or from an EHR, which need no key; an authorization takes two. Each return can cost a new token,
   * of which athenahealth grants 50 a minute, so the connections keep more than half of these.
   */
  API_AUTHORIZATIONS_PER_MINUTE: z.coerce.number().int().min(2).default(40),
  /** Left out: a request comes from whoever made its connection, and over TLS only if we end the TLS. */
  TRUST_PROXY: z
    .string()
    .default('0')
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : text.split(',').map((one) => one.trim())))
    .refine(
      (given) => typeof given === 'number' || given.every(isProxy),
      'must be how many proxies stand in front, or their addresses and networks (10.0.0.0/8, loopback) with commas',
    ),
  /** Where the built console is; left out: beside this app, where `pnpm build` puts it. */
  CONSOLE_DIR: z.string().optional(),
});
export type ApiConfig = Unwrapped<z.output<typeof apiEnvSchema>>;

/** As Express takes it; `true`, which believes whoever asks, is not among it. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

export async function readApiConfig(env: NodeJS.ProcessEnv): Promise<ApiConfig> {
  return unwrapKeys({ config: parseEnv(apiEnvSchema, env), env });
}

export function storeOptions(config: ApiConfig): StoreOptions {
  return {
    uri: config.MONGODB_URI,
    encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
    previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
    auditDays: config.BULKHEAD_AUDIT_DAYS,
  };
}
