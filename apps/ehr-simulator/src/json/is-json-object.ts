export type JsonObject = Readonly<Record<string, unknown>>;

/** Not a list, and not a number whose text is kept (`parseExact`). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
