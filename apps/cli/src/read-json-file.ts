import { readFileSync } from 'node:fs';
import { CliError } from './exit-codes.ts';

/** Parses the text of a file. @throws CliError if it is not JSON, without the text, which may be a private key */
function parseJsonFile({ file, text }: { readonly file: string; readonly text: string }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError('usage', `${file} is not valid JSON. Correct it, and try again.`);
  }
}

/** Reads a private key, a JWK or a PEM. @throws CliError if the text begins as JSON and is not JSON */
export function parsePrivateKey({ file, text }: { readonly file: string; readonly text: string }) {
  const key = text.trim();
  return key.startsWith('{') ? (parseJsonFile({ file, text: key }) as Record<string, unknown>) : key;
}

/** @throws CliError if the file is not JSON */
export function readJsonFile(file: string): unknown {
  return parseJsonFile({ file, text: readFileSync(file, 'utf8') });
}
