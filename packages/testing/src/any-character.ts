import fc from 'fast-check';

const [firstSurrogate, surrogates] = [0xd800, 0x800];

/**
 * Any character of Unicode, as the unit of `fc.string`. Its own unit `binary` has the same characters, but keeps a list of
 * them, which takes a second and 100 MB in each process.
 */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff - surrogates })
  .map(toCharacter, (text) => indexOf(String(text)));

function toCharacter(index: number): string {
  return String.fromCodePoint(index < firstSurrogate ? index : index + surrogates);
}

/** By this, fast-check finds out of which characters its dangerous texts consist. */
function indexOf(text: string): number {
  const code = text.codePointAt(0) ?? -1;
  const index = code < firstSurrogate ? code : code - surrogates;
  if (index < 0 || toCharacter(index) !== text) throw new Error('not one character');
  return index;
}
