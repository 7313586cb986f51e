import type { SourcedVersion } from '../earlier-versions.ts';

/** A version of a resource, and which line of an export or step of a sync it came from. */
export function toSourceView({ versionId, lastUpdated, deleted, source, storedAt }: SourcedVersion) {
  return {
    ...(versionId === undefined ? {} : { versionId }),
    lastUpdated: lastUpdated.toISOString(),
    deleted,
    storedAt: storedAt.toISOString(),
    source,
  };
}
