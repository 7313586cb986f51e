import { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * Text as a terminal may show it. An EHR names types and writes messages, and a control character in one could move the
 * cursor, hide lines or type into the shell; a format character could reverse the direction of the text. Each becomes `�`.
 */
export function toTerminalText(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}

/** JSON with the same characters escaped, which `JSON.stringify` leaves as they are above U+007E. */
export function toTerminalJson(value: unknown): string {
  const escapeCharacter = (character: string) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join('');
  return (JSON.stringify(value) ?? '').replace(/[\p{Cc}\p{Cf}]/gu, escapeCharacter);
}

/** The same for bytes that are streamed to a terminal, such as quarantined lines. */
export function terminalTextStream(): Transform {
  const decoder = new StringDecoder('utf8');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, toTerminalText(decoder.write(chunk)));
    },
    flush(done) {
      done(null, toTerminalText(decoder.end()));
    },
  });
}
