import { parseEnv } from '@bulkhead/base';
import { type Unwrapped, unwrapKeys } from '@bulkhead/base/encryption';
import { httpEnvShape, trustProxySchema } from '@bulkhead/http';
import { z } from 'zod';

export const serveEnvSchema = z.object({
  ...httpEnvShape,
  // Not PORT and HOST, because one file of variables is often that of both programs.
  SERVE_PORT: z.coerce.number().int().min(0).max(65_535).default(3100),
  /** The interface to listen on. By default only an API on this machine reaches it. */
  SERVE_HOST: z.string().default('127.0.0.1'),
  /** The API passes requests on, and says from which address it was asked. Default: an API on this machine or in a private network. */
  SERVE_TRUST_PROXY: trustProxySchema.prefault('loopback,uniquelocal'),
});
export type ServeConfig = Unwrapped<z.output<typeof serveEnvSchema>>;

export async function readServeConfig(env: NodeJS.ProcessEnv): Promise<ServeConfig> {
  return unwrapKeys(parseEnv(serveEnvSchema, env), env);
}
