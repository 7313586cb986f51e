/** The elements of an attachment (https://hl7.org/fhir/R4/datatypes.html#Attachment) that could be read. */
export interface Attachment {
  /** The position in the resource's list. */
  readonly index: number;
  readonly contentType?: string;
  readonly title?: string;
  readonly url?: string;
  /** Base64. It takes precedence over `url`, which then only says where the content came from. */
  readonly data?: string;
  readonly size?: number;
  readonly hash?: string;
}

/** Where a resource has its attachments: the list, and the element of a list item that is the attachment. */
const places: Readonly<Record<string, { readonly list: string; readonly item?: string }>> = {
  DiagnosticReport: { list: 'presentedForm' },
  DocumentReference: { list: 'content', item: 'attachment' },
};

export const typesWithAttachments: readonly string[] = Object.keys(places);

/**
 * Reads the attachments of a DiagnosticReport or a DocumentReference that have content, which is `data` or `url`. Malformed
 * attachments are left out. A single value counts as a list of one, because some servers send that.
 * @param most how many are read
 */
export function readAttachments(
  resource: { readonly resourceType?: unknown },
  most = Number.POSITIVE_INFINITY,
): Attachment[] {
  const place = typeof resource.resourceType === 'string' ? places[resource.resourceType] : undefined;
  if (!place) return [];
  const list = (resource as Record<string, unknown>)[place.list];
  const attachments: Attachment[] = [];
  for (const [index, item] of [list ?? []].flat().entries()) {
    const value = place.item === undefined ? item : (item as Record<string, unknown> | null | undefined)?.[place.item];
    const attachment = readAttachment(value, index);
    if (attachment?.data !== undefined || attachment?.url !== undefined) attachments.push(attachment);
    if (attachments.length >= most) break;
  }
  return attachments;
}

/** The extension that keeps the URL that an EHR gave to an attachment. */
const receivedUrl = 'urn:bulkhead:received-url';

/**
 * Replaces the URLs of attachments, and keeps the received ones in an extension. The given resource is not changed.
 * @param urlOf the URL of an attachment. Undefined: it keeps its own
 * @returns undefined if no attachment has another URL
 */
export function withAttachmentUrls<Resource extends { readonly resourceType: string }>(
  resource: Resource,
  urlOf: (attachment: Attachment) => string | undefined,
): Resource | undefined {
  const place = places[resource.resourceType];
  if (!place) return undefined;
  const urls = new Map<number, string>();
  for (const attachment of readAttachments(resource)) {
    const url = attachment.url === undefined || attachment.data !== undefined ? undefined : urlOf(attachment);
    if (url !== undefined) urls.set(attachment.index, url);
  }
  if (urls.size === 0) return undefined;
  const items = [(resource as Readonly<Record<string, unknown>>)[place.list]].flat();
  const replaced = items.map((item, index) => {
    const url = urls.get(index);
    if (url === undefined) return item;
    const { item: name } = place;
    const fields = item as Readonly<Record<string, object>>;
    return name === undefined ? withUrl(fields, url) : { ...fields, [name]: withUrl(fields[name] ?? {}, url) };
  });
  return { ...resource, [place.list]: replaced };
}

function withUrl(attachment: object, url: string): object {
  const { extension, ...fields } = attachment as { readonly extension?: unknown; readonly url?: unknown };
  const received = { url: receivedUrl, valueUrl: fields.url };
  return { extension: [...[extension ?? []].flat(), received], ...fields, url };
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

/** RFC 9110, section 8.3.1, tokens only. Parameters other than `charset` mean nothing to a reader of a stored document. */
const pattern = /^\s*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)\s*(?:;(.*))?$/s;
/** Longer than any registered type. Longer text is not passed on in a header. */
const maxLength = 200;

/** @returns undefined if the text is not a content type */
export function parseMediaType(text: string | undefined): MediaType | undefined {
  const match = text === undefined || text.length > maxLength ? null : pattern.exec(text);
  const mediaType = match?.[1]?.toLowerCase();
  if (mediaType === undefined) return undefined;
  const charset = /(?:^|;)\s*charset="?([\w-]+)"?/i.exec(match?.[2] ?? '')?.[1];
  return { mediaType, ...(charset === undefined ? {} : { charset: charset.toLowerCase() }) };
}
