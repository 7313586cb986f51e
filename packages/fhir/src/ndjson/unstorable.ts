import { ExactNumber } from '../json/exact-number.ts';

/** Why MongoDB cannot store a value as it was received. */
export type UnstorableReason = 'nul-in-key' | 'reserved-key' | 'lone-surrogate';

/** The driver treats an object with this key as a BSON value. */
const bsonTypeKey = '_bsontype';
/** An object with both keys is read back as a DBRef, which is written differently. */
const dbRefKeys = ['$ref', '$id'] as const;

const searched = [bsonTypeKey, dbRefKeys[0]].map((text) => Buffer.from(text));
const unicodeEscape = Buffer.from('\\u');

/**
 * Whether JSON needs to be checked by `unstorableReason`. Hardly any does. This runs for every line, so it only searches the bytes.
 */
export function mayBeUnstorable(json: Buffer): boolean {
  // Raw control characters are repaired later, so a raw NUL can be part of a key.
  if (json.includes(0) || searched.some((text) => json.includes(text))) return true;
  for (let at = json.indexOf(unicodeEscape); at >= 0; at = json.indexOf(unicodeEscape, at + unicodeEscape.length)) {
    if (isSuspectEscape(json.toString('latin1', at + 2, at + 6))) return true;
  }
  return false;
}

/**
 * A surrogate, NUL, or a character of the searched keys. Characters that servers escape in markup (`<`, `>`, `&`, quotes) are not.
 */
function isSuspectEscape(hex: string): boolean {
  return /^(?:d[89a-f]|0000|0024|00[567])/i.test(hex);
}

/** @param value parsed JSON of bounded depth */
export function unstorableReason(value: unknown): UnstorableReason | undefined {
  // The driver would store a lone surrogate as U+FFFD.
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'lone-surrogate';
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return undefined;
  if (dbRefKeys.every((key) => Object.hasOwn(value, key))) return 'reserved-key';
  for (const [key, item] of Object.entries(value)) {
    if (key.includes('\0')) return 'nul-in-key';
    if (key === bsonTypeKey) return 'reserved-key';
    const reason = unstorableReason(key) ?? unstorableReason(item);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
