import { isDeepStrictEqual } from 'node:util';

/** Verifies that a document, or its JSON, has the id of an erased resource and nothing else of it. Traces of erased data are searched with it. */
export function isErasedEntry(document: Readonly<Record<string, unknown>>): boolean {
  const { _id, connectionId, resourceId, revision, changedAt, lastUpdated, observedAt, ...constants } = document;
  const isIdentified =
    _id === `${connectionId}/${resourceId}` && typeof revision === 'number' && changedAt !== undefined;
  // Those of a version that was not stored, or of the distant past.
  if ([lastUpdated, observedAt].some((time) => Number.isNaN(Date.parse(String(time))))) return false;
  return isIdentified && isDeepStrictEqual(JSON.parse(JSON.stringify(constants)), expected);
}

const longAgo = '1970-01-01T00:00:00.000Z';
const expected = { deleted: true, erased: true, subsetted: false, contentHash: '', keys: {}, storedAt: longAgo };
