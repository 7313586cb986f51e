import { serveProbe } from './serve-probe.ts';

// The probe that serve-probe.integration.test.ts starts. Its works count or fail.
serveProbe({
  count: async (times: number) => {
    const prepared = 1;
    return async () => ({ units: times, details: { prepared } });
  },
  fail: async () => async () => {
    throw new Error('no luck');
  },
});
