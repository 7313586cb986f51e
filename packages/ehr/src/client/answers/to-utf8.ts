import { isUtf8 } from 'node:buffer';
import { pipeline, type Readable, Transform } from 'node:stream';
import { parseMediaType } from '@bulkhead/fhir';
import { peek, twoBytes } from './peek.ts';

/*
 * NDJSON is UTF-8, and some servers send another charset. The first two bytes show UTF-16, with a byte order mark or without. Another charset counts
 * only if the content type names it and the first character that is not ASCII is not UTF-8: servers of Java name ISO-8859-1 by default.
 */

const utf16: ReadonlyMap<string, string> = new Map([
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
  ['7b00', 'utf-16le'],
  ['007b', 'utf-16be'],
]);

/** @returns the text as UTF-8, and whether its bytes may be others than those that the server sent */
export async function toUtf8(
  body: Readable,
  contentType: string | undefined,
): Promise<{ readonly body: Readable; readonly isConverted: boolean }> {
  const { start, body: whole } = await peek(body, twoBytes);
  const order = utf16.get(start.toString('hex', 0, 2));
  const decoder = order === undefined ? declaredDecoder(contentType) : new TextDecoder(order);
  if (!decoder) return { body: whole, isConverted: false };
  const converter = order === undefined ? fromDeclared(decoder) : fromDecoder(decoder);
  return { body: pipeline(whole, converter, () => undefined), isConverted: true };
}

/** @returns undefined for UTF-8, and for a charset that the WHATWG does not list */
function declaredDecoder(contentType: string | undefined): TextDecoder | undefined {
  const charset = parseMediaType(contentType)?.charset;
  if (charset === undefined || charset === 'us-ascii') return undefined;
  try {
    const decoder = new TextDecoder(charset);
    return decoder.encoding === 'utf-8' || decoder.encoding.startsWith('utf-16') ? undefined : decoder;
  } catch {
    return undefined;
  }
}

function fromDecoder(decoder: TextDecoder): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, decoder.decode(chunk, { stream: true })),
    flush: (done) => done(null, decoder.decode()),
  });
}

/** A character of UTF-8 has at most four bytes. */
const longestCharacter = 4;

/** Passes ASCII on, and decides at the first other character for the whole file. */
function fromDeclared(decoder: TextDecoder): Transform {
  let pending = Buffer.alloc(0);
  let isDeclared: boolean | undefined;
  const convert = (chunk: Buffer, isEnd: boolean): Buffer | string => {
    if (isDeclared === undefined) {
      pending = Buffer.concat([pending, chunk]);
      const at = pending.findIndex((byte) => byte >= 0x80);
      const hasCharacter = at !== -1 && (isEnd || pending.length - at >= longestCharacter);
      if (hasCharacter) isDeclared = !beginsAsUtf8(pending.subarray(at, at + longestCharacter));
      else if (!isEnd) {
        const ascii = at === -1 ? pending : pending.subarray(0, at);
        pending = pending.subarray(ascii.length);
        return ascii;
      }
      chunk = pending;
    }
    return isDeclared ? decoder.decode(chunk, { stream: !isEnd }) : chunk;
  };
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, convert(chunk, false)),
    flush: (done) => done(null, isDeclared === undefined ? convert(Buffer.alloc(0), true) : undefined),
  });
}

function beginsAsUtf8(bytes: Buffer): boolean {
  return [2, 3, 4].some((length) => length <= bytes.length && isUtf8(bytes.subarray(0, length)));
}
