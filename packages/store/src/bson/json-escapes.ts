/*
 * The escapes of JSON strings (RFC 8259, section 7), and the UTF-8 of the characters that they stand for. The functions work on positions
 * in buffers, so that no object is created for an escape.
 */

const digit0 = 0x30;
const digit9 = 0x39;
const backslash = 0x5c;
export const letterU = 0x75;

/** The byte for the byte after a backslash. 0 if there is none. */
export const escapedCharacters = new Uint8Array(256);
for (const [letter, character] of Object.entries({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}))
  escapedCharacters[letter.charCodeAt(0)] = character.charCodeAt(0);

/**
 * The code point of a `\u` escape, or of two that are a surrogate pair.
 * @param start the position of the backslash
 * @returns -1 if the digits are not hexadecimal, or for a lone surrogate
 */
export function unicodeEscapeAt(json: Buffer, start: number): number {
  const unit = hexAt(json, start + 2);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const isPair = unit < 0xdc00 && json[start + 6] === backslash && json[start + 7] === letterU;
  const low = isPair ? hexAt(json, start + 8) : -1;
  if (low < 0xdc00 || low > 0xdfff) return -1;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/** Reads four hexadecimal digits. @returns -1 if they are not */
function hexAt(json: Buffer, start: number): number {
  let value = 0;
  for (let position = start; position < start + 4; position++) {
    const byte = json[position] as number;
    const isDigit = byte >= digit0 && byte <= digit9;
    const lowerCase = byte | 0x20;
    if (!isDigit && (lowerCase < 0x61 || lowerCase > 0x66)) return -1;
    value = value * 16 + (isDigit ? byte - digit0 : lowerCase - 0x57);
  }
  return value;
}

/** Writes a code point at `to` of `target`. @returns the position after it */
export function writeUtf8(target: Buffer, to: number, code: number): number {
  let end = to;
  if (code < 0x80) {
    target[end++] = code;
    return end;
  }
  if (code < 0x800) {
    target[end++] = 0xc0 | (code >> 6);
  } else {
    if (code < 0x10000) {
      target[end++] = 0xe0 | (code >> 12);
    } else {
      target[end++] = 0xf0 | (code >> 18);
      target[end++] = 0x80 | ((code >> 12) & 0x3f);
    }
    target[end++] = 0x80 | ((code >> 6) & 0x3f);
  }
  target[end++] = 0x80 | (code & 0x3f);
  return end;
}
