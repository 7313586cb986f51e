import mongoose from 'mongoose';
import { bsonTypes } from './bson-writer.ts';

const { Decimal128 } = mongoose.mongo;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** In JSON a byte of a text becomes at most six (`\u0001`). */
const maxEscapedBytes = 6;
/** A stored text can have 16 MB, and few characters of it need an escape. */
const maxPartBytes = 16 * 1024;
const none = Buffer.alloc(0);
/** A buffer that has grown by more than this is not kept. */
const maxKeptTimes = 8;
/** Longer than the text of any double or Decimal128. */
const maxNumberBytes = 64;

/**
 * Writes stored resources as JSON without making JavaScript objects, into one buffer that grows as needed. The text is the same as
 * `JSON.stringify` of the decoded document.
 */
export class JsonWriter {
  #buffer: Buffer;
  #end = 0;
  #bson: Buffer = none;
  /** The position of the next byte of the BSON. */
  #from = 0;

  readonly #sizeBytes: number;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#buffer = Buffer.allocUnsafeSlow(sizeBytes);
  }

  get sizeBytes(): number {
    return this.#end;
  }

  /** Returns what was written, and starts again. What a large text has needed is given back. */
  take(): Buffer {
    const written = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    this.#bson = none;
    if (this.#buffer.length <= maxKeptTimes * this.#sizeBytes) return Buffer.from(written);
    this.#buffer = Buffer.allocUnsafeSlow(this.#sizeBytes);
    return written;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /**
   * Writes a document of a buffer as JSON.
   * @param start the position of the document in `bson`
   * @returns false, and writes nothing, if it has a type that JSON does not produce
   */
  writeDocument(bson: Buffer, start: number): boolean {
    const before = this.#end;
    this.#bson = bson;
    this.#from = start;
    // JSON is about as long as BSON. Growing in one step leaves no smaller copies of a large document behind.
    this.#reserve(bson.readInt32LE(start) + maxPartBytes * maxEscapedBytes);
    const isWritten = this.#writeObject();
    if (!isWritten) this.#end = before;
    return isWritten;
  }

  #writeObject(): boolean {
    const end = this.#startDocument(openBrace);
    for (let isFirst = true; this.#from < end; isFirst = false) {
      const type = this.#bson[this.#from++] as number;
      if (!isFirst) this.#writeByte(comma);
      const nameEnd = this.#bson.indexOf(0, this.#from);
      this.#writeText(this.#from, nameEnd);
      this.#writeByte(colon);
      this.#from = nameEnd + 1;
      if (!this.#writeValue(type)) return false;
    }
    return this.#endDocument(closeBrace);
  }

  #writeArray(): boolean {
    const end = this.#startDocument(openBracket);
    for (let isFirst = true; this.#from < end; isFirst = false) {
      const type = this.#bson[this.#from++] as number;
      if (!isFirst) this.#writeByte(comma);
      // The name is the index.
      while (this.#bson[this.#from++] !== 0);
      if (!this.#writeValue(type)) return false;
    }
    return this.#endDocument(closeBracket);
  }

  /** @returns the position of the zero byte at the end of the document */
  #startDocument(bracket: number): number {
    const end = this.#from + this.#bson.readInt32LE(this.#from) - 1;
    this.#from += 4;
    this.#writeByte(bracket);
    return end;
  }

  #endDocument(bracket: number): boolean {
    this.#from += 1;
    this.#writeByte(bracket);
    return true;
  }

  #writeValue(type: number): boolean {
    if (type === bsonTypes.string) return this.#writeString();
    if (type === bsonTypes.document) return this.#writeObject();
    if (type === bsonTypes.array) return this.#writeArray();
    if (type === bsonTypes.null) return this.#writeAscii('null');
    if (type === bsonTypes.boolean) return this.#writeAscii(this.#bson[this.#from++] === 1 ? 'true' : 'false');
    if (type === bsonTypes.int32) return this.#writeNumber(this.#bson.readInt32LE(this.#from), 4);
    if (type === bsonTypes.double) return this.#writeNumber(this.#bson.readDoubleLE(this.#from), 8);
    return type === bsonTypes.decimal && this.#writeDecimal();
  }

  #writeNumber(value: number, sizeBytes: number): boolean {
    this.#from += sizeBytes;
    return this.#writeAscii(Number.isFinite(value) ? String(value) : 'null');
  }

  #writeDecimal(): boolean {
    const bytes = this.#bson.subarray(this.#from, this.#from + 16);
    this.#from += 16;
    return this.#writeAscii(decimalText(bytes));
  }

  #writeString(): boolean {
    const start = this.#from + 4;
    const end = start + this.#bson.readInt32LE(this.#from) - 1;
    this.#writeText(start, end);
    this.#from = end + 1;
    return true;
  }

  /** Writes UTF-8 as a JSON string, in parts, so that space for escapes is reserved for one part only. */
  #writeText(start: number, end: number): void {
    this.#writeByte(quote);
    for (let from = start; from < end; from += maxPartBytes) this.#writePart(from, Math.min(end, from + maxPartBytes));
    this.#writeByte(quote);
  }

  #writePart(start: number, end: number): void {
    this.#reserve((end - start) * maxEscapedBytes);
    const bson = this.#bson;
    const buffer = this.#buffer;
    let to = this.#end;
    for (let from = start; from < end; from++) {
      const byte = bson[from] as number;
      if (byte >= 0x20 && byte !== quote && byte !== backslash) buffer[to++] = byte;
      else for (const character of escapes[byte] as Uint8Array) buffer[to++] = character;
    }
    this.#end = to;
  }

  #writeAscii(text: string): true {
    this.#reserve(maxNumberBytes);
    for (let index = 0; index < text.length; index++) this.#buffer[this.#end++] = text.charCodeAt(index);
    return true;
  }

  #writeByte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#end++] = byte;
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#end + sizeBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/**
 * Finds the fields of a document whose fields are all texts, documents or arrays.
 * @returns the position of each field's value, by name. Undefined if there is a field of another type
 */
export function findFields(bson: Buffer): ReadonlyMap<string, number> | undefined {
  const fields = new Map<string, number>();
  let position = 4;
  while (position < bson.length - 1) {
    const type = bson[position];
    const nameEnd = bson.indexOf(0, position);
    const start = nameEnd + 1;
    fields.set(bson.toString('utf8', position + 1, nameEnd), start);
    if (type === bsonTypes.string) position = start + 4 + bson.readInt32LE(start);
    else if (type === bsonTypes.document || type === bsonTypes.array) position = start + bson.readInt32LE(start);
    else return undefined;
  }
  return fields;
}

/** The escapes of `JSON.stringify` for the bytes that need one. */
const escapes: readonly Uint8Array[] = Array.from({ length: backslash + 1 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);

const exponentBias = 6176;
/** Below this exponent of the first digit, `Decimal128` writes an exponent. */
const leastExponent = -6;

/**
 * The text of a Decimal128 (https://github.com/mongodb/specifications/blob/master/source/bson-decimal128/decimal128.md). Nearly all FHIR
 * decimals have few digits and no exponent; these do not need the arithmetic of 113 bits.
 */
function decimalText(bytes: Buffer): string {
  const high = bytes.readUInt32LE(12);
  const middle = bytes.readUInt32LE(4);
  const exponent = ((high >>> 17) & 0x3fff) - exponentBias;
  const isShort = bytes.readUInt32LE(8) === 0 && (high & 0x1ffff) === 0 && middle < 2 ** 20;
  const digits = String(middle * 2 ** 32 + bytes.readUInt32LE(0));
  const isPlain = exponent <= 0 && digits.length - 1 + exponent >= leastExponent;
  if (!isShort || !isPlain || ((high >>> 29) & 3) === 3) return new Decimal128(bytes).toString();
  const sign = high >>> 31 === 1 ? '-' : '';
  if (exponent === 0) return sign + digits;
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
