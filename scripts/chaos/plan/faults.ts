import type { Random } from '../../random.ts';
import type { Moment } from './moment.ts';

/** The body of the simulator's `POST /_sim/orders`. */
export interface FaultOrder {
  readonly match: { readonly method?: string; readonly path: string };
  readonly fault: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly after?: number;
}

const files = '/bulkdata/';
const status = '/bulkstatus/';
const kickOff = '[$]export$';
/** Half of the rounds have no faults of the server, so that the injected fault acts alone and the export is short. */
const mostFaults = 2;

/**
 * Faults of an EHR. None of them makes a client download a file from its beginning again or repeat an accepted
 * kick-off, so a client that does so has a defect.
 */
const draws: readonly ((random: Random) => FaultOrder)[] = [
  (random) => onFile(random, { kind: 'reset', afterBytes: random.integer(0, 200_000) }),
  (random) => onFile(random, { kind: 'truncate', afterBytes: random.integer(1000, 200_000) }),
  (random) => onFile(random, { kind: 'status', status: 503 }),
  (random) => onFile(random, { kind: 'slow', bytesPerSecond: random.integer(100_000, 1_000_000) }),
  (random) => onFile(random, { kind: 'slow', bytesPerSecond: random.integer(100_000, 1_000_000) }),
  (random) => onFile(random, { kind: 'expire-tokens' }),
  (random) => ({
    match: { method: 'GET', path: random.pick([files, status, kickOff]) },
    fault: { kind: 'status', status: 429, retryAfter: '1' },
  }),
  () => ({ match: { method: 'GET', path: status }, fault: { kind: 'expire-tokens' } }),
  lateKickOff,
  (random) => ({ match: { path: status }, fault: { kind: 'latency', ms: random.integer(200, 1200) } }),
];

export function drawFaults(random: Random, moment: Moment): FaultOrder[] {
  // A kick-off takes only a few ms otherwise, so a fault during it would always come too late.
  if (moment.on === 'phase' && moment.phase === 'kicking-off') return [lateKickOff(random)];
  if (random.chance(0.5)) return [];
  return Array.from({ length: random.integer(1, mostFaults) }, () => random.pick(draws)(random));
}

/** Delays the answer: the kick-off is accepted, but the client does not know it yet. */
function lateKickOff(random: Random): FaultOrder {
  return { match: { path: kickOff }, fault: { kind: 'latency', ms: random.integer(200, 1200) } };
}

function onFile(random: Random, fault: FaultOrder['fault']): FaultOrder {
  return { match: { method: 'GET', path: files }, fault, after: random.integer(0, 8) };
}
