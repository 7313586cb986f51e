import type { Ring } from './rings.ts';

/**
 * How many files run at a time, on two cores. Most tests of the ring `change` wait for more than half of their time, so three workers leave a
 * tenth of the cores idle. A judge of a whole system uses one core or more by itself: four of them at a time took five times as long
 * as each alone, and one exceeded its limit.
 */
export const workersOf: Readonly<Record<Ring, number>> = { change: 4, merge: 2, night: 2 };
export const maxWorkers = Math.max(...Object.values(workersOf));
