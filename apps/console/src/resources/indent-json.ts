/** https://github.com/tc39/proposal-json-parse-with-source: in browsers since 2023 to 2025, not yet in TypeScript's library. */
interface SourceJson {
  readonly rawJSON?: (text: string) => unknown;
}

/**
 * JSON for reading, every number with the text that it was received with: `1.50` is a measurement of another precision than
 * `1.5`. A browser that cannot keep those texts shows the JSON in one line, as it came.
 */
export function indentJson(text: string): string {
  const { rawJSON } = JSON as unknown as SourceJson;
  if (!rawJSON) return text;
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value;
  return JSON.stringify(JSON.parse(text, keep), null, 2);
}
