import { blockEventLoop, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystemClock } from './clock.ts';

test('the system clock reports the lateness of a request that arrived while the process was blocked', async () => {
  const clock = startSystemClock();
  try {
    // The request is observed before the timers run again, and after.
    const seenNext = () => new Promise<void>((resolve) => setImmediate(resolve));
    const seenAfterTimers = () => new Promise<void>((resolve) => setTimeout(() => setImmediate(resolve), 0));
    for (const observe of [seenNext, seenAfterTimers]) {
      await waitFor(() => clock.lateness() === 0);
      const isSeen = observe().then(() => clock.lateness());
      blockEventLoop(300);
      expect(await isSeen).toBeGreaterThanOrEqual(300);
    }
    await waitFor(() => clock.lateness() === 0);
  } finally {
    clock.stop();
  }
});
