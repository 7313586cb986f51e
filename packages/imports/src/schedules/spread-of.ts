import { shortestGapMs } from '@bulkhead/base/cron';

const hourMs = 60 * 60_000;

/**
 * How much later than its cron a schedule runs, so that connections with the same cron do not start at the same time. Runs are spread
 * over an hour, or over half of the time between two runs if that is shorter. The result is in whole seconds and always the same for
 * an id.
 */
export function spreadOf({ id, cron }: { readonly id: string; readonly cron: string }): number {
  const slots = Math.floor(Math.min(hourMs, shortestGapMs(cron) / 2) / 1000);
  return (1 + (hash(id) % (slots - 1))) * 1000;
}

/** FNV-1a with 32 bits (RFC 9923) and a final mix, because ids that are created at the same time differ in few characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
