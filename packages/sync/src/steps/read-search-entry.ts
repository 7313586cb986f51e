import { parseResourceLine } from '@bulkhead/fhir';
import { fitsInDocument, type ResourceDocument, toResourceDocument } from '@bulkhead/resources';

/** An entry of a search as a document, or why it cannot be stored. @param options.json of the entry's resource. */
export function readSearchEntry(options: {
  readonly json: Buffer;
  /** The type that was searched. */
  readonly resourceType: string;
  readonly context: Parameters<typeof toResourceDocument>[0]['context'];
}): { readonly document: ResourceDocument } | { readonly reason: string } {
  const { json: bytes, resourceType, context } = options;
  // Only line 1 of a file can begin with a byte order mark.
  const line = { bytes, line: 2, offset: 0, nextOffset: 0, sizeBytes: bytes.length, isTooLong: false };
  const parsed = parseResourceLine(line, resourceType);
  if (parsed.kind === 'rejected') return { reason: parsed.reason };
  if (parsed.kind === 'blank') return { reason: 'not-an-object' };
  const document = toResourceDocument({ ...parsed, context });
  return fitsInDocument(document, bytes.length) ? { document } : { reason: 'too-large' };
}
