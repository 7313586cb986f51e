/** https://hl7.org/fhir/R4/datatypes.html#Attachment, as far as it could be read. */
export interface Attachment {
  /** Its place in the resource's list. */
  readonly index: number;
  readonly contentType?: string;
  readonly title?: string;
  readonly url?: string;
  /** Base64; it goes before `url`, which then says where it was. */
  readonly data?: string;
  readonly size?: number;
  readonly hash?: string;
}

/** Where a resource keeps its attachments: the list, and the way from an item to the attachment. */
const places: Readonly<Record<string, { readonly list: string; readonly item?: string }>> = {
  DiagnosticReport: { list: 'presentedForm' },
  DocumentReference: { list: 'content', item: 'attachment' },
};

export const typesWithAttachments: readonly string[] = Object.keys(places);

/**
 * The attachments of a DiagnosticReport or a DocumentReference that have a content: those with neither `data` nor `url` have
 * none. What is malformed is left out; a single value stands for a list of one, as some servers send it.
 */
export function readAttachments(resource: { readonly resourceType?: unknown }): Attachment[] {
  const place = typeof resource.resourceType === 'string' ? places[resource.resourceType] : undefined;
  if (!place) return [];
  const listed = (resource as Record<string, unknown>)[place.list];
  return [listed ?? []].flat().flatMap((item: unknown, index): Attachment[] => {
    const value = place.item === undefined ? item : (item as Record<string, unknown> | null | undefined)?.[place.item];
    const attachment = readAttachment(value, index);
    return attachment?.data === undefined && attachment?.url === undefined ? [] : [attachment];
  });
}

function readAttachment(value: unknown, index: number): Attachment | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Record<string, unknown>;
  const texts = ['contentType', 'title', 'url', 'data', 'hash'].flatMap((name) => {
    const text = fields[name];
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  const { size } = fields;
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  return { index, ...Object.fromEntries(texts), ...(isSize ? { size } : {}) };
}

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
