import type { Capabilities } from './connection.record.ts';

/** An upgrade of the server is noticed within a day. This costs only one request a day. */
const capabilitiesMaxAgeMs = 24 * 60 * 60_000;

/** Whether the capabilities are recent enough that they need not be read again. */
export function areCurrent({ readAt }: Capabilities, now: Date): boolean {
  return now.getTime() - readAt.getTime() < capabilitiesMaxAgeMs;
}
