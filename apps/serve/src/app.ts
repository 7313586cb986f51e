import type { App } from '@bulkhead/base';
import { actionNames, buildHttpProgram, type HttpProgramOptions } from '@bulkhead/http';
import { createServingServices } from '@bulkhead/system/serving';
import manifest from '../package.json' with { type: 'json' };
import { documentRoute } from './document.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { ServeConfig } from './env.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

/** Builds a process that answers with stored data. It knows no queue and no EHR, so that its end costs readers an answer and nothing else. */
export function buildServe(options: HttpProgramOptions<ServeConfig>): App & { readonly port: number } {
  const { config } = options;
  const server = { port: config.SERVE_PORT, host: config.SERVE_HOST, variable: 'SERVE_PORT' };
  const auditActions = actionNames(endpoints);
  return buildHttpProgram({ name: 'serve', version, server, endpoints, auditActions }, options, (foundation) => ({
    services: createServingServices({ ...foundation, hasKeyLogin: config.API_KEY_LOGIN === 'on' }),
    checkRedis: async () => void (await foundation.redis.ping()),
    trustProxy: config.SERVE_TRUST_PROXY,
    before: () => (config.API_DOCS === 'on' ? [documentRoute()] : []),
  }));
}
