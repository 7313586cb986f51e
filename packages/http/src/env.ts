import { isIP } from 'node:net';
import { auditEnvShape } from '@bulkhead/access/audit';
import { processEnvShape } from '@bulkhead/base';
import { encryptionEnvShape, type Unwrapped } from '@bulkhead/base/encryption';
import { z } from 'zod';

/** What every program reads that answers requests. */
export const httpEnvShape = {
  ...processEnvShape,
  ...encryptionEnvShape,
  ...auditEnvShape,
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
  /** `off` lets people log in to the console at the identity provider only. Programs still send keys. */
  API_KEY_LOGIN: z.enum(['on', 'off']).default('on'),
  /** Where clients reach this API: the URL of the proxy in front of it. Backend clients get tokens only if it is set, or on this machine. */
  API_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be the https:// URL at which clients reach the API' })
    .transform((url) => (url.endsWith('/') ? url.slice(0, -1) : url))
    .optional(),
  /** Whether `/docs` and `/openapi.json` are served, which need no key. */
  API_DOCS: z.enum(['on', 'off']).default('on'),
};
export type HttpConfig = Unwrapped<z.output<z.ZodObject<typeof httpEnvShape>>>;

/** Which proxies may set the address and the scheme of a request, as Express' `trust proxy`: their number, or their addresses and networks. */
export const trustProxySchema = z
  .string()
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : text.split(',').map((proxy) => proxy.trim())))
  .refine(
    (setting) => typeof setting === 'number' || setting.every(isProxy),
    'must be the number of proxies in front of the API, or a comma-separated list of their addresses and networks (10.0.0.0/8, loopback)',
  );

/** The values that Express accepts, except `true`, which would trust every client. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
