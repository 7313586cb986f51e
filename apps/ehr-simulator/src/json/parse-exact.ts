declare global {
  interface JSON {
    /** A value that `JSON.stringify` writes as exactly this text (TC39 "JSON.parse source text access"). */
    rawJSON(text: string): unknown;
    isRawJSON(value: unknown): boolean;
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/**
 * Parses JSON so that numbers keep their text when it is written again: FHIR decimals are significant to the digit, and
 * 1.50 would come back as 1.5, a 20-digit number rounded.
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  );
}
