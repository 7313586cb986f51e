export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly mediaType: string;
  readonly charset?: string;
}

/** RFC 9110 8.3.1, tokens only; parameters other than `charset` say nothing to a reader of a stored document. */
const pattern = /^\s*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)\s*(?:;(.*))?$/s;
/** Longer than any registered type; what is longer is not passed on in a header. */
const maxLength = 200;

/** @returns undefined for what is no content type. */
export function parseMediaType(text: string | undefined): MediaType | undefined {
  const match = text === undefined || text.length > maxLength ? null : pattern.exec(text);
  const mediaType = match?.[1]?.toLowerCase();
  if (mediaType === undefined) return undefined;
  const charset = /(?:^|;)\s*charset="?([\w-]+)"?/i.exec(match?.[2] ?? '')?.[1];
  return { mediaType, ...(charset === undefined ? {} : { charset: charset.toLowerCase() }) };
}
