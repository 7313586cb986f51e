/**
 * Reads a FHIR Binary in JSON as a stream, because a document of 100 MB is 133 MB of JSON that must not be in memory.
 * `BinaryReader` follows the JSON only far enough to find the elements of the outermost object. `Base64Decoder` decodes the text of
 * `data` while it arrives. Short texts such as `contentType` are kept.
 */
export interface BinaryContent {
  /** The decoded `data`. It ends only at the end of the JSON. @throws SyntaxError if the JSON is not a Binary with base64 data */
  readonly bytes: AsyncIterable<Buffer>;
  /** Known only when `bytes` has ended, because elements can be in any order. */
  contentType(): string | undefined;
}

/** The other texts of a Binary (a type, a content type, an id) are short. The rest of a longer text is ignored. */
const maxTextLength = 200;

/** Decodes `data` of a Binary (https://hl7.org/fhir/R4/binary.html) while it arrives. */
export function openBinaryJson(json: AsyncIterable<Buffer>): BinaryContent {
  const reader = new BinaryReader();
  return { bytes: decode(json, reader), contentType: () => reader.contentType };
}

async function* decode(json: AsyncIterable<Buffer>, reader: BinaryReader): AsyncGenerator<Buffer> {
  for await (const chunk of json) {
    for (const bytes of reader.push(chunk)) if (bytes.length > 0) yield bytes;
  }
  reader.end();
}

/** The JSON string that is being read. */
interface OpenText {
  read: string;
  isEscaped: boolean;
  /** Set if the string is `data`. */
  readonly base64: Base64Decoder | undefined;
}

/** Reads only as much JSON as needed to tell the elements of the outermost object from nested ones. */
class BinaryReader {
  readonly #texts = new Map<string, string>();
  #depth = 0;
  #hasEnded = false;
  #text: OpenText | undefined;
  /** A string before a colon is a key. The string after it is its value. */
  #lastText = '';
  #key: string | undefined;

  get contentType(): string | undefined {
    return this.#texts.get('contentType');
  }

  *push(chunk: Buffer): Generator<Buffer> {
    for (let position = 0; position < chunk.length; ) {
      if (!this.#text) {
        this.#takeSign(String.fromCharCode(chunk[position] as number));
        position++;
        continue;
      }
      const end = this.#text.isEscaped ? position + 1 : endOfRun(chunk, position);
      const run = chunk.toString('latin1', position, end);
      position = end;
      yield* this.#takeText(this.#text, run);
    }
  }

  end(): void {
    const isWhole = this.#hasEnded && this.#texts.get('resourceType') === 'Binary' && this.#texts.has('data');
    if (!isWhole) throw new SyntaxError('the response is not a complete Binary with data');
  }

  /** Reads a character outside of strings. */
  #takeSign(sign: string): void {
    if (sign === '"') {
      const isData = this.#depth === 1 && this.#key === 'data';
      this.#text = { read: '', isEscaped: false, base64: isData ? new Base64Decoder() : undefined };
    } else if (sign === ':') this.#key = this.#lastText;
    else if (sign === ',') this.#key = undefined;
    else if (sign === '{' || sign === '[') this.#depth += 1;
    else if (sign === '}' || sign === ']') {
      this.#depth -= 1;
      this.#hasEnded = this.#depth === 0;
    }
  }

  /** @param run a quote, a backslash, the character after a backslash, or all characters up to the next of these */
  *#takeText(text: OpenText, run: string): Generator<Buffer> {
    if (text.isEscaped) {
      text.isEscaped = false;
      // Base64 only ever needs the slash to be escaped. Escaped line breaks are ignored.
      if (text.base64 && !'/nrt'.includes(run)) throw notBase64();
      if (run === '/') yield* this.#keep(text, run);
    } else if (run === '\\') text.isEscaped = true;
    else if (run === '"') yield* this.#endText(text);
    else yield* this.#keep(text, run);
  }

  *#keep(text: OpenText, run: string): Generator<Buffer> {
    if (text.base64) yield text.base64.push(run);
    else if (text.read.length < maxTextLength) text.read += run.slice(0, maxTextLength);
  }

  *#endText({ base64, read }: OpenText): Generator<Buffer> {
    this.#text = undefined;
    this.#lastText = read;
    if (base64) yield base64.end();
    if (this.#depth === 1 && this.#key !== undefined) this.#texts.set(this.#key, read);
  }
}

/** The end of a single quote or backslash, or of all bytes up to the next of these or the end of the chunk. */
function endOfRun(chunk: Buffer, start: number): number {
  const ends = [chunk.indexOf('"', start), chunk.indexOf('\\', start)];
  return Math.max(Math.min(...ends.map((end) => (end < 0 ? chunk.length : end))), start + 1);
}

class Base64Decoder {
  #rest = '';
  #padding = '';

  push(text: string): Buffer {
    const all = this.#rest + text.replace(/[ \t\r\n]/g, '');
    // Nothing may follow the padding.
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(this.#padding + all)) throw notBase64();
    const whole = all.length - (all.length % 4);
    this.#rest = all.slice(whole);
    if (all.endsWith('=')) this.#padding = '=';
    return Buffer.from(all.slice(0, whole), 'base64');
  }

  end(): Buffer {
    // Four characters are three bytes. Some encoders omit the padding, but a single remaining character is less than a byte.
    if (this.#rest.length === 1) throw new SyntaxError('the data of a Binary is cut off');
    return Buffer.from(this.#rest, 'base64');
  }
}

function notBase64(): SyntaxError {
  return new SyntaxError('the data of the Binary is not base64');
}
