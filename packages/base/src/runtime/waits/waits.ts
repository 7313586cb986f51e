import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';

/** Learns when the work that it observes waits for something outside of it, such as a request budget, and not for its own computation. */
export interface WaitObserver {
  begins(): void;
  ends(): void;
}

const observers = new AsyncLocalStorage<WaitObserver>();

/** Runs `work`, whose waits are reported to `observer`. */
export function observeWaits<Result>(observer: WaitObserver, work: () => Result): Result {
  return observers.run(observer, work);
}

/** Reports a wait to the observer of the current work, if it has one. */
export async function whileWaiting<Result>(wait: () => Promise<Result>): Promise<Result> {
  const observer = observers.getStore();
  observer?.begins();
  try {
    return await wait();
  } finally {
    observer?.ends();
  }
}

/** Runs work that consists of steps. The event loop does other work between them, such as renewing the locks of jobs. */
export async function runWithPauses<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}
