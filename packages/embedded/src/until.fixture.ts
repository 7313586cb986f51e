import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition. This package must not depend on `testing`, so it has its own function. @throws after 20 s */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error('the condition did not come true within 20 s');
    await delay(20);
  }
}
