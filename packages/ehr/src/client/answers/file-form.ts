import { Transform } from 'node:stream';

/*
 * Some servers send a file of resources in another form than NDJSON: as one JSON array, with line breaks inside of resources, or as a Bundle. The
 * first two are rewritten while they arrive, without a change of any other byte. The beginning shows the form, because a bad line of NDJSON must
 * stay one bad line: in a rewritten file, an unfinished resource would swallow those that follow.
 */

/** Blanks, and the start of a resource. */
const startsArray = /^\s*\[\s*\{/;
/** A Bundle instead of its resources. */
const startsBundle = /^\s*\{\s*"resourceType"\s*:\s*"Bundle"/;

/** `{"resourceType":"MedicinalProductUndesirableEffect",` has 53 characters, and an id 64. */
const longestFirstLine = 200;

/** The form of a file, from its beginning. `unknown` needs more of it. */
export function fileFormOf(start: string): 'ndjson' | 'json' | 'bundle' | 'unknown' {
  if (startsBundle.test(start)) return 'bundle';
  const text = start.trimStart();
  if (text.startsWith('[')) return startsArray.test(text) ? 'json' : /^\[\s*$/.test(text) ? 'unknown' : 'ndjson';
  if (!text.startsWith('{')) return text === '' ? 'unknown' : 'ndjson';
  const end = text.indexOf('\n');
  // A resource with line breaks has one after its first or second element.
  if (end === -1) return text.length < longestFirstLine ? 'unknown' : 'ndjson';
  const next = text.slice(end).trimStart();
  if (next === '') return 'unknown';
  // After a line break inside of a resource, its next element begins.
  return /[{,[]$/.test(text.slice(0, end).trimEnd()) && next.startsWith('"') ? 'json' : 'ndjson';
}

const [quote, backslash, comma] = ['"', '\\', ','].map((text) => text.charCodeAt(0));
const [openObject, closeObject, openList, closeList] = ['{', '}', '[', ']'].map((text) => text.charCodeAt(0));
const [space, newline, carriageReturn] = [0x20, 0x0a, 0x0d];

/** Rewrites JSON as lines of the same length: a line break inside of a resource becomes a space, and what is between resources a line break. */
export function toLines(): Transform {
  const rewriter = new LineRewriter();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(chunk).map(rewriter.rewrite));
    },
    flush(done) {
      // An array that is not closed was cut off, even if the answer ends as it should.
      const error = Object.assign(new Error('the file ends inside of its JSON'), { code: 'ERR_BAD_RESPONSE' });
      done(rewriter.isWhole ? null : error);
    },
  });
}

class LineRewriter {
  /** Of objects, and of lists in them. */
  #depth = 0;
  /** Of lists around resources. */
  #lists = 0;
  #isInText = false;
  #isEscaped = false;

  get isWhole(): boolean {
    return this.#depth === 0 && this.#lists <= 0 && !this.#isInText;
  }

  readonly rewrite = (byte: number): number => {
    if (this.#isInText) {
      this.#readText(byte);
      return byte;
    }
    if (byte === quote) this.#isInText = true;
    return this.#depth === 0 ? this.#between(byte) : this.#inside(byte);
  };

  #readText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInText = false;
  }

  #between(byte: number): number {
    if (byte === openObject) this.#depth = 1;
    if (byte === openList) this.#lists += 1;
    if (byte === closeList) this.#lists -= 1;
    return byte === openList || byte === closeList || byte === comma ? newline : byte;
  }

  #inside(byte: number): number {
    if (byte === openObject || byte === openList) this.#depth += 1;
    if (byte === closeObject || byte === closeList) this.#depth -= 1;
    return byte === newline || byte === carriageReturn ? space : byte;
  }
}
