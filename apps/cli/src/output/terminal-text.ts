import { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * Makes text safe for a terminal. Names of types and messages come from an EHR. A control character in them could move the
 * cursor, hide lines or type into the shell, and a format character could reverse the direction of the text. Each is replaced
 * with `�`.
 */
export function toTerminalText(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}

/** Formats JSON and escapes the same characters, because `JSON.stringify` does not escape those above U+007E. */
export function toTerminalJson(value: unknown): string {
  const escapeCharacter = (character: string) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join('');
  return (JSON.stringify(value) ?? '').replace(/[\p{Cc}\p{Cf}]/gu, escapeCharacter);
}

/** Writes each field and element of a JSON text on its own line. Texts and numbers stay as they are, because parsing would change `1.50`. */
export function indentJson(json: string): string {
  let depth = 0;
  let indented = '';
  let previous = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    const followsOpening = previous === '{' || previous === '[';
    if (closes ? !followsOpening : followsOpening || previous === ',') indented += `\n${'  '.repeat(depth)}`;
    indented += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth += 1;
    previous = token;
  }
  return indented;
}

/** Does the same as `toTerminalText` for bytes that are streamed to a terminal, such as quarantined lines. */
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
