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
 * Parses JSON so that numbers keep their text when they are written again. FHIR decimals are significant to the digit,
 * but JSON.parse turns 1.50 into 1.5 and rounds a number of 20 digits.
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  );
}

interface ResourceMeta {
  readonly versionId: string;
  readonly lastUpdated: string;
}

/**
 * Sets `meta.versionId` and `meta.lastUpdated` of a resource. Returns JSON text on one line with the text of numbers
 * kept.
 */
export function withMeta(
  /** One resource as JSON text. */
  text: string,
  meta: ResourceMeta,
): string {
  const resource = parseExact(text) as Record<string, unknown>;
  const { resourceType, id, meta: currentMeta, ...rest } = resource;
  return JSON.stringify({ resourceType, id, meta: { ...(currentMeta as object | undefined), ...meta }, ...rest });
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Not an array, and not a number whose text is kept (`parseExact`). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** RFC 7396: members of the patch replace those of the target, objects are merged, and null removes a member. */
export function mergePatch({ target, patch }: { readonly target: unknown; readonly patch: unknown }): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch({ target: merged[name], patch: value });
  }
  return merged;
}
