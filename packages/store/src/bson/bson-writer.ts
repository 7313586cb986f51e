import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;

/** The types of BSON elements that JSON and dates need: https://bsonspec.org/spec.html */
export const bsonTypes = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  decimal: 0x13,
} as const;

/** Longer texts are written by node. For shorter ones a loop takes less time than a call out of JavaScript. */
const maxLoopedLength = 32;
/** UTF-8 has at most three bytes for each UTF-16 code unit. */
const maxUnitBytes = 3;

/**
 * Writes documents one after the other into one buffer, which is reused and grows as needed. It writes the same bytes as the driver
 * (https://bsonspec.org/spec.html), and leaves values of rare types to the driver.
 */
export class BsonWriter {
  #buffer: Buffer;
  #end = 0;

  constructor(sizeBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** What was written. Valid until the next write. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  get sizeBytes(): number {
    return this.#end;
  }

  /** The size of the buffer. */
  get capacityBytes(): number {
    return this.#buffer.length;
  }

  clear(): void {
    this.#end = 0;
  }

  /** Writes a document that is BSON already. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Starts a document. @returns the argument of `endDocument` */
  startDocument(): number {
    this.#reserve(4);
    this.#end += 4;
    return this.#end - 4;
  }

  /** Starts a field whose value is the document that is written next. */
  startField(name: string): void {
    this.#startElement(bsonTypes.document, name);
  }

  endDocument(start: number): void {
    this.#reserve(1);
    this.#buffer[this.#end++] = 0;
    this.#int32At(start, this.#end - start);
  }

  fields(fields: object): void {
    const values = fields as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(values)) this.#element(name, values[name]);
  }

  #element(name: string, value: unknown): void {
    if (typeof value === 'string') this.#string(name, value);
    else if (typeof value === 'number') this.#number(name, value);
    else if (typeof value === 'boolean') {
      this.#startElement(bsonTypes.boolean, name);
      this.#reserve(1);
      this.#buffer[this.#end++] = value ? 1 : 0;
    } else if (value instanceof Date && !Number.isNaN(value.getTime())) this.#date(name, value.getTime());
    else if (Array.isArray(value)) this.#array(name, value);
    else if (isPlainObject(value)) this.#object(name, value);
    // Without the length before the element and the zero after it.
    else this.append(BSON.serialize({ [name]: value }).subarray(4, -1));
  }

  #object(name: string, value: object): void {
    this.#startElement(bsonTypes.document, name);
    const start = this.startDocument();
    this.fields(value);
    this.endDocument(start);
  }

  #array(name: string, items: readonly unknown[]): void {
    this.#startElement(bsonTypes.array, name);
    const start = this.startDocument();
    for (let index = 0; index < items.length; index++) this.#element(String(index), items[index]);
    this.endDocument(start);
  }

  /** Writes an integer of 32 bits as such, like the driver. */
  #number(name: string, value: number): void {
    const isInteger = value === (value | 0) && !Object.is(value, -0);
    this.#startElement(isInteger ? bsonTypes.int32 : bsonTypes.double, name);
    this.#reserve(8);
    this.#end = isInteger ? this.#buffer.writeInt32LE(value, this.#end) : this.#buffer.writeDoubleLE(value, this.#end);
  }

  #string(name: string, value: string): void {
    this.#startElement(bsonTypes.string, name);
    this.#reserve(5 + value.length * maxUnitBytes);
    const start = this.#end;
    this.#end += 4;
    this.#text(value);
    this.#buffer[this.#end++] = 0;
    this.#int32At(start, this.#end - start - 4);
  }

  /** Faster than the checks of `writeInt32LE`. */
  #int32At(position: number, value: number): void {
    const buffer = this.#buffer;
    buffer[position] = value;
    buffer[position + 1] = value >> 8;
    buffer[position + 2] = value >> 16;
    buffer[position + 3] = value >> 24;
  }

  /** Writes a 64-bit integer in two halves, which takes less time than a bigint. */
  #date(name: string, timeMs: number): void {
    this.#startElement(bsonTypes.date, name);
    this.#reserve(8);
    const high = Math.floor(timeMs / 2 ** 32);
    this.#end = this.#buffer.writeUInt32LE(timeMs - high * 2 ** 32, this.#end);
    this.#end = this.#buffer.writeInt32LE(high, this.#end);
  }

  #startElement(type: number, name: string): void {
    this.#reserve(2 + name.length * maxUnitBytes);
    this.#buffer[this.#end++] = type;
    // Its zero would end the name. The error is that of the driver.
    if (name.includes('\0')) throw new BSON.BSONError('A key must not contain NUL.');
    this.#text(name);
    this.#buffer[this.#end++] = 0;
  }

  /** Writes UTF-8. The caller has reserved the space. */
  #text(text: string): void {
    const buffer = this.#buffer;
    const start = this.#end;
    const { length } = text;
    if (length <= maxLoopedLength) {
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        buffer[start + index] = code;
      }
      if (index === length) {
        this.#end = start + length;
        return;
      }
    }
    this.#end += buffer.write(text, start, 'utf8');
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#end + sizeBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.bytes);
    this.#buffer = larger;
  }
}

/** Whether the driver would serialize the value as a document of its fields. */
function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    (value as { readonly _bsontype?: unknown })._bsontype === undefined &&
    (value as { readonly toBSON?: unknown }).toBSON === undefined
  );
}
