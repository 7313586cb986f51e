import { Redis } from 'ioredis';
import { athenahealthRateLimit, createProviderRegistry } from '../../providers/index.ts';
import { resourceAnswer } from '../answers/answer-rules.ts';
import { createEhrClient } from '../create-ehr-client.ts';
import { createMemoryTokenStore } from './memory-token-store.ts';

// One of several processes that send requests as fast as they can. Started by rate-limiter.processes.integration.test.ts.
// Usage: node send-requests.process.ts REDIS_URL PREFIX FHIR_ENDPOINT REQUESTS [BLOCKED_MS]
// With BLOCKED_MS its event loop is blocked again and again for this time, as that of a worker without enough CPU time.
const [redisUrl = '', prefix = '', fhirEndpoint = '', count = '0', blockedMs = '0'] = process.argv.slice(2);
const redis = new Redis(redisUrl);
const athenahealth = createProviderRegistry({ ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint }).get('athenahealth');
// The guard must exceed the jitter between a grant and the server's timestamp. If six processes share two cores, an event loop is
// sometimes blocked for a few hundred milliseconds. Answers that arrive earlier return the unused time.
const provider = { ...athenahealth, rateLimit: { ...athenahealthRateLimit, guardMs: 600 } };
const registry = { get: () => provider, list: () => [provider] };
const tokenStore = createMemoryTokenStore();
const signingKeys = { findForSigning: async () => undefined };
const client = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
const session = client.session({
  id: `conn_${process.pid}`,
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint,
  auth: { method: 'none' },
});
const send = () =>
  session.send({
    method: 'GET',
    url: `${fhirEndpoint}/metadata`,
    headers: { accept: 'application/fhir+json' },
    priority: 'crawl',
    answer: resourceAnswer,
    retries: 0,
    sendToken: false,
  });
const starve = setInterval(
  () => {
    const until = performance.now() + Number(blockedMs);
    while (performance.now() < until);
  },
  Number(blockedMs) * 1.5 || 1000,
);
await Promise.all(Array.from({ length: Number(count) }, send));
clearInterval(starve);
client.close();
await redis.quit();
