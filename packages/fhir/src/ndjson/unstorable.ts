import { ExactNumber } from '../json/exact-number.ts';

/** Why a document of MongoDB cannot hold a value as it was received. */
export type UnstorableReason = 'nul-in-key' | 'reserved-key' | 'lone-surrogate';

/** The driver takes an object with this key for a value of BSON. */
const bsonTypeKey = '_bsontype';
/** An object with both keys is read back as a DBRef, which writes them differently. */
const dbRefKeys = ['$ref', '$id'] as const;

const searched = [bsonTypeKey, dbRefKeys[0]].map((text) => Buffer.from(text));
const unicodeEscape = Buffer.from('\\u');

/**
 * Whether a JSON text needs to be looked at by `unstorableReason`: hardly any does. It is asked for every line, so it only
 * searches the bytes.
 */
export function mayBeUnstorable(json: Buffer): boolean {
  // A raw control character is repaired, so it can be part of a key.
  if (json.includes(0) || searched.some((text) => json.includes(text))) return true;
  for (let at = json.indexOf(unicodeEscape); at >= 0; at = json.indexOf(unicodeEscape, at + unicodeEscape.length)) {
    if (isSuspectEscape(json.toString('latin1', at + 2, at + 6))) return true;
  }
  return false;
}

/** A surrogate, NUL, or a character of the searched keys; not what servers escape in markup (`<`, `>`, `&`, quotes). */
function isSuspectEscape(hex: string): boolean {
  return /^(?:d[89a-f]|0000|0024|00[567])/i.test(hex);
}

/** @param value parsed JSON of bounded depth. */
export function unstorableReason(value: unknown): UnstorableReason | undefined {
  // It would be stored as U+FFFD.
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
