import { type ChaosSystem, startChaosSystem } from '../chaos/system/start-chaos-system.ts';

type Options = Pick<Parameters<typeof startChaosSystem>[0], 'folder' | 'patients' | 'report'>;

const env = {
  // All requests come from one address, many of them with keys that are none: that is what the limits are against.
  API_REQUESTS_PER_MINUTE: '100000000',
  API_REFUSALS_PER_MINUTE: '100000000',
  ATHENAHEALTH_REDIRECT_URI: 'http://127.0.0.1/api/ehr/callback',
};

/** A system whose every request is answered by its route. */
export function startFuzzSystem(options: Options): Promise<ChaosSystem> {
  return startChaosSystem({ ...options, seed: 1, env });
}
