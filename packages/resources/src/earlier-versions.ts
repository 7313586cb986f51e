import type { ResourceSource } from './resource-document.ts';
import type { ResourceVersion } from './resource-version.ts';

/** A version of a resource that was stored, and where it came from. Its content is not kept. */
export interface SourcedVersion extends Pick<ResourceVersion, 'lastUpdated' | 'versionId' | 'deleted'> {
  readonly source: ResourceSource;
  readonly storedAt: Date;
}

/** Enough to see how a record came to be as it is; `maxDocumentBytes` leaves room for as many. */
const keptVersions = 10;
/** https://hl7.org/fhir/R4/datatypes.html#id; what is longer may be of any length. */
const longestVersionId = 64;

/** The history of what replaces `stored`, newest first. Other orders of writing have other histories: it is where this one went. */
export function earlierVersions(
  stored: SourcedVersion & { readonly earlier?: readonly SourcedVersion[] },
): readonly SourcedVersion[] {
  const { lastUpdated, versionId, deleted, source, storedAt, earlier = [] } = stored;
  const isNamed = versionId !== undefined && versionId.length <= longestVersionId;
  return [{ ...(isNamed ? { versionId } : {}), lastUpdated, deleted, source, storedAt }, ...earlier].slice(
    0,
    keptVersions,
  );
}
