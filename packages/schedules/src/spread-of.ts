import { shortestGapMs } from '@bulkhead/runtime';

const hourMs = 60 * 60_000;

/**
 * How much later than its cron says a schedule runs, so that practices with the same cron do not start together: over the
 * hour, or over half of the time between two runs where that is less. In whole seconds, always the same for the same id.
 */
export function spreadOf({ id, cron }: { readonly id: string; readonly cron: string }): number {
  const slots = Math.floor(Math.min(hourMs, shortestGapMs(cron) / 2) / 1000);
  return (1 + (hash(id) % (slots - 1))) * 1000;
}

/** FNV-1a, 32 bits (RFC 9923), with a last mix: ids made in one moment differ in few characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
