import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';

export type SimulatorControl = ReturnType<typeof controlSimulator>;

/** Controls a simulator in another process. Its requests are on the `performance.now()` of this one, see `readClock`. */
export function controlSimulator(baseUrl: string) {
  const control = createSimulatorControl({ baseUrl });
  let clockOffsetMs = 0;
  return {
    ...control,
    baseUrl,
    fhirEndpoint: `${baseUrl}/fhir/r4`,
    async requests() {
      const requests = await control.requests();
      return requests.map((request) => ({ ...request, arrivedAtMs: request.arrivedAtMs + clockOffsetMs }));
    },

    /**
     * Measures the offset of the simulator's monotonic clock by a request that is recorded and counts against no limit.
     * The error is at most half the duration of the request, less than a millisecond.
     */
    async readClock(): Promise<void> {
      const sentAtMs = performance.now();
      await fetch(`${baseUrl}/oauth2/v1/authorize`);
      const middleMs = (sentAtMs + performance.now()) / 2;
      const latest = (await control.requests(/^\/oauth2\/v1\/authorize$/)).at(-1);
      if (!latest) throw new Error('the simulator did not record our own request');
      clockOffsetMs = middleMs - latest.arrivedAtMs;
    },
  };
}
