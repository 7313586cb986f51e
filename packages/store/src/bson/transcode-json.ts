/*
 * Transcodes JSON to BSON in one pass over the bytes, without JavaScript objects.
 *
 * It accepts a JSON object only if MongoDB's driver would store the parsed object as exactly the same bytes. Everything unusual is
 * declined, and the caller then parses the text, which also finds the reason if it cannot be stored. Declined are: text that is not JSON,
 * raw control characters, lone surrogates, duplicate, empty or escaped keys, keys that start with a digit (JavaScript sorts integer keys)
 * or with `$`, `__proto__` and `_bsontype`, over 100 levels, over 64 members in an object, over 100,000 values, and numbers that need a
 * number text.
 *
 * Format: https://bsonspec.org/spec.html
 */
import mongoose from 'mongoose';
import { bsonTypes } from './bson-writer.ts';
import { decimalBytes } from './decimal-text.ts';
import { escapedCharacters, letterU, unicodeEscapeAt, writeUtf8 } from './json-escapes.ts';

const { Decimal128 } = mongoose.mongo;

/** MongoDB stores no more levels of nesting. */
const maxDepth = 100;
/** Duplicate keys are found by comparing each key with all others of its object. No FHIR type has as many elements. */
const maxMembers = 64;
/** This many decimals take 100 ms, which cannot be interrupted. */
const maxValues = 100_000;
export const numbersPerMember = 3;
/** A double keeps every integer with up to 15 digits. */
const safeDigits = 15;

const quote = 0x22;
const dollar = 0x24;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const digit0 = 0x30;
const digit9 = 0x39;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const underscore = 0x5f;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The hash of a key, see `JsonTranscoder.members`. */
export function hashKey(key: Uint8Array): number {
  return key.reduce(nextHash, 0);
}

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** Reused for all texts. It has no state between two calls of `transcode`. */
export class JsonTranscoder {
  #json: Buffer = Buffer.alloc(0);
  #target: Buffer = Buffer.alloc(0);
  /** The position of the next byte of the JSON. */
  #from = 0;
  /** The position of the next byte of the BSON. */
  #to = 0;
  #depth = 0;
  #values = 0;
  /**
   * `numbersPerMember` numbers for each member of the outermost object of the last text: the hash of its key, and the positions in the
   * JSON of its key, without the quote, and of the end of its value. Objects would be most of the garbage of a line.
   */
  readonly members = new Int32Array(maxMembers * numbersPerMember);
  #membersEnd = 0;
  /** The hashes of the keys of all open objects. Each object uses a part of it. */
  readonly #keyHashes = new Int32Array(maxDepth * maxMembers);
  #keyCount = 0;

  /**
   * Writes the BSON of a JSON object at `start` of `target`. Bytes after the end of `target` are lost, so the result is complete only if
   * `end` is not greater than `target.length`.
   * @param options.json valid UTF-8
   * @returns undefined if the text is declined. `membersEnd` is the number of numbers in `members`
   */
  transcode(options: {
    readonly json: Buffer;
    readonly target: Buffer;
    readonly start: number;
  }): { readonly end: number; readonly membersEnd: number } | undefined {
    this.#json = options.json;
    this.#target = options.target;
    this.#from = 0;
    this.#to = options.start;
    this.#depth = 0;
    this.#values = 0;
    this.#keyCount = 0;
    this.#membersEnd = 0;
    this.#skipSpace();
    if (this.#json[this.#from] !== openBrace || !this.#writeObject()) return undefined;
    this.#skipSpace();
    return this.#from === this.#json.length ? { end: this.#to, membersEnd: this.#membersEnd } : undefined;
  }

  #skipSpace(): void {
    const json = this.#json;
    let from = this.#from;
    for (;;) {
      const byte = json[from];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      from++;
    }
    this.#from = from;
  }

  #writeObject(): boolean {
    if (++this.#depth > maxDepth) return false;
    const firstKey = this.#keyCount;
    const start = this.#openDocument();
    let isEnd = this.#json[this.#from] === closeBrace;
    while (!isEnd) {
      if (this.#keyCount - firstKey === maxMembers || !this.#writeMember(firstKey)) return false;
      this.#skipSpace();
      const byte = this.#json[this.#from++];
      isEnd = byte === closeBrace;
      if (!isEnd && byte !== comma) return false;
      if (!isEnd) this.#skipSpace();
    }
    if (this.#keyCount === firstKey) this.#from++;
    this.#keyCount = firstKey;
    this.#closeDocument(start);
    return true;
  }

  #writeMember(firstKey: number): boolean {
    const typeAt = this.#to++;
    const keyStart = this.#from + 1;
    if (!this.#writeKey(firstKey)) return false;
    const keyHash = this.#keyHashes[this.#keyCount - 1] as number;
    this.#skipSpace();
    if (this.#json[this.#from++] !== colon) return false;
    this.#skipSpace();
    if (!this.#writeValue(typeAt)) return false;
    if (this.#depth === 1) this.#noteMember(keyHash, keyStart);
    return true;
  }

  #noteMember(keyHash: number, keyStart: number): void {
    const { members } = this;
    members[this.#membersEnd++] = keyHash;
    members[this.#membersEnd++] = keyStart;
    members[this.#membersEnd++] = this.#from;
  }

  #writeArray(): boolean {
    if (++this.#depth > maxDepth) return false;
    const start = this.#openDocument();
    let isEnd = this.#json[this.#from] === closeBracket;
    if (isEnd) this.#from++;
    for (let index = 0; !isEnd; index++) {
      const typeAt = this.#to++;
      this.#writeIndex(index);
      if (!this.#writeValue(typeAt)) return false;
      this.#skipSpace();
      const byte = this.#json[this.#from++];
      isEnd = byte === closeBracket;
      if (!isEnd && byte !== comma) return false;
      if (!isEnd) this.#skipSpace();
    }
    this.#closeDocument(start);
    return true;
  }

  /** Skips the opening bracket and the space after it. @returns the position of the document's length */
  #openDocument(): number {
    const start = this.#to;
    this.#to += 4;
    this.#from++;
    this.#skipSpace();
    return start;
  }

  #closeDocument(start: number): void {
    this.#target[this.#to++] = 0;
    this.#writeInt32At(start, this.#to - start);
    this.#depth--;
  }

  #writeValue(typeAt: number): boolean {
    if (++this.#values > maxValues) return false;
    const byte = this.#json[this.#from] as number;
    const target = this.#target;
    if (byte === quote) {
      target[typeAt] = bsonTypes.string;
      return this.#writeString();
    }
    if (byte === openBrace) {
      target[typeAt] = bsonTypes.document;
      return this.#writeObject();
    }
    if (byte === openBracket) {
      target[typeAt] = bsonTypes.array;
      return this.#writeArray();
    }
    return byte === minus || (byte >= digit0 && byte <= digit9)
      ? this.#writeNumber(typeAt)
      : this.#writeLiteral(typeAt);
  }

  #writeLiteral(typeAt: number): boolean {
    const isNull = this.#skipText(nullText);
    const isTrue = !isNull && this.#skipText(trueText);
    if (!isNull && !isTrue && !this.#skipText(falseText)) return false;
    this.#target[typeAt] = isNull ? bsonTypes.null : bsonTypes.boolean;
    if (!isNull) this.#target[this.#to++] = isTrue ? 1 : 0;
    return true;
  }

  #skipText(text: Uint8Array): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.#json[this.#from + index] !== text[index]) return false;
    }
    this.#from += text.length;
    return true;
  }

  #writeKey(firstKey: number): boolean {
    const json = this.#json;
    const target = this.#target;
    let from = this.#from;
    if (json[from++] !== quote) return false;
    const first = json[from] as number;
    if (first === quote || first === dollar || (first >= digit0 && first <= digit9)) return false;
    const start = from;
    let to = this.#to;
    let keyHash = 0;
    for (;;) {
      const byte = json[from] as number;
      if (byte === quote) break;
      // The comparison is also false at the end of the text.
      if (!(byte >= 0x20) || byte === backslash) return false;
      keyHash = nextHash(keyHash, byte);
      target[to++] = byte;
      from++;
    }
    target[to++] = 0;
    this.#from = from + 1;
    this.#to = to;
    // `__proto__` and `_bsontype` have nine characters.
    if (first === underscore && from - start === 9) return false;
    return this.#addKeyHash(firstKey, keyHash);
  }

  /** @returns false if another key of the object has the same hash. Different keys with the same hash are declined too */
  #addKeyHash(firstKey: number, keyHash: number): boolean {
    const hashes = this.#keyHashes;
    for (let index = firstKey; index < this.#keyCount; index++) if (hashes[index] === keyHash) return false;
    hashes[this.#keyCount++] = keyHash;
    return true;
  }

  #writeIndex(index: number): void {
    const target = this.#target;
    let divisor = 1;
    while (divisor * 10 <= index) divisor *= 10;
    for (; divisor >= 1; divisor = Math.trunc(divisor / 10)) {
      target[this.#to++] = digit0 + (Math.trunc(index / divisor) % 10);
    }
    target[this.#to++] = 0;
  }

  #writeString(): boolean {
    const json = this.#json;
    const target = this.#target;
    const lengthAt = this.#to;
    let from = this.#from + 1;
    let to = lengthAt + 4;
    for (;;) {
      const byte = json[from] as number;
      if (byte === quote) break;
      if (!(byte >= 0x20)) return false;
      if (byte === backslash) {
        this.#from = from;
        this.#to = to;
        if (!this.#writeEscape()) return false;
        from = this.#from;
        to = this.#to;
      } else {
        target[to++] = byte;
        from++;
      }
    }
    target[to++] = 0;
    this.#from = from + 1;
    this.#to = to;
    this.#writeInt32At(lengthAt, to - lengthAt - 4);
    return true;
  }

  #writeEscape(): boolean {
    const byte = this.#json[this.#from + 1] as number;
    if (byte === letterU) return this.#writeUnicodeEscape();
    const character = escapedCharacters[byte];
    if (!character) return false;
    this.#target[this.#to++] = character;
    this.#from += 2;
    return true;
  }

  #writeUnicodeEscape(): boolean {
    const code = unicodeEscapeAt(this.#json, this.#from);
    if (code < 0) return false;
    // A code point outside of the first 65,536 is a pair of escapes.
    this.#from += code > 0xffff ? 12 : 6;
    this.#to = writeUtf8(this.#target, this.#to, code);
    return true;
  }

  #writeNumber(typeAt: number): boolean {
    const json = this.#json;
    const start = this.#from;
    const firstDigit = json[start] === minus ? start + 1 : start;
    let end = firstDigit;
    let value = 0;
    let byte = json[end] as number;
    while (byte >= digit0 && byte <= digit9) {
      value = value * 10 + byte - digit0;
      byte = json[++end] as number;
    }
    const digits = end - firstDigit;
    const isInteger = byte !== dot && (byte | 0x20) !== 0x65;
    const hasSafeStart = json[firstDigit] !== digit0 || (digits === 1 && firstDigit === start);
    if (!isInteger || digits === 0 || digits > safeDigits || !hasSafeStart) return this.#writeDecimal(typeAt);
    this.#from = end;
    this.#writeDouble(typeAt, firstDigit === start ? value : -value);
    return true;
  }

  /** Writes a number that has a fraction, an exponent or many digits. */
  #writeDecimal(typeAt: number): boolean {
    const start = this.#from;
    let end = start;
    while (numberCharacters[this.#json[end] as number] === 1) end++;
    if (end - start > maxNumberLength) return false;
    const text = this.#json.toString('latin1', start, end);
    if (!jsonNumber.test(text)) return false;
    this.#from = end;
    const value = Number(text);
    if (String(value) !== text) return this.#writeExact(typeAt, text);
    this.#writeDouble(typeAt, value);
    return true;
  }

  /** Writes a number that a double would change. @returns false if Decimal128 would change its text too */
  #writeExact(typeAt: number, text: string): boolean {
    const bytes = decimalBytes(text) ?? parsedBytes(text);
    if (!bytes) return false;
    this.#target[typeAt] = bsonTypes.decimal;
    for (const byte of bytes) this.#target[this.#to++] = byte;
    return true;
  }

  /** Writes an integer of 32 bits as such, like the driver. */
  #writeDouble(typeAt: number, value: number): void {
    if (value === (value | 0)) {
      this.#target[typeAt] = bsonTypes.int32;
      this.#writeInt32At(this.#to, value);
      this.#to += 4;
      return;
    }
    this.#target[typeAt] = bsonTypes.double;
    double[0] = value;
    for (let index = 0; index < 8; index++) this.#target[this.#to + index] = doubleBytes[index] as number;
    this.#to += 8;
  }

  #writeInt32At(position: number, value: number): void {
    const target = this.#target;
    target[position] = value;
    target[position + 1] = value >> 8;
    target[position + 2] = value >> 16;
    target[position + 3] = value >> 24;
  }
}

/** @returns undefined if Decimal128 would change the text */
function parsedBytes(text: string): Uint8Array | undefined {
  const decimal = Decimal128.fromString(text);
  return decimal.toString() === text ? decimal.bytes : undefined;
}

const nullText = Buffer.from('null');
const trueText = Buffer.from('true');
const falseText = Buffer.from('false');

/** Longer numbers are declined, because Decimal128 keeps 34 digits and refuses more. */
const maxNumberLength = 34;
const numberCharacters = new Uint8Array(256);
for (const character of '0123456789+-.eE') numberCharacters[character.charCodeAt(0)] = 1;
