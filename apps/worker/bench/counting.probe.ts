import { serveProbe } from './serve-probe.ts';

// Of the test of serve-probe.ts: its works count, or fail.
serveProbe({
  count: async (times: number) => {
    const prepared = 1;
    return async () => ({ units: times, details: { prepared } });
  },
  fail: async () => async () => {
    throw new Error('no luck');
  },
});
