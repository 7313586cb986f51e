import { withMeta } from '../../json/with-meta.ts';
import type { StoredResource } from '../stored-resource.ts';

export interface ToStoredResourceInput {
  readonly line: string;
  /** What a resource without `meta.lastUpdated` gets. */
  readonly fallbackMs: number;
}

interface ResourceHead {
  readonly id?: string;
  readonly meta?: { readonly lastUpdated?: string; readonly versionId?: string };
}

/**
 * A line of a data file as a server would have it: with `meta.lastUpdated` and `meta.versionId`. A line that is no JSON
 * is served as it is, since a client has to cope with those, but cannot be found by id.
 */
export function toStoredResource({ line, fallbackMs }: ToStoredResourceInput): StoredResource {
  const head = headOf(line);
  if (!head) return { id: '', versionId: 1, lastUpdatedMs: fallbackMs, text: line };
  const { id = '', meta = {} } = head;
  const versionId = Number(meta.versionId ?? 1) || 1;
  if (meta.lastUpdated) return { id, versionId, lastUpdatedMs: Date.parse(meta.lastUpdated), text: line };
  const added = { versionId: meta.versionId ?? '1', lastUpdated: new Date(fallbackMs).toISOString() };
  // Putting it in by hand keeps the rest of the line byte for byte, and is faster than writing the resource again.
  const text = head.meta
    ? withMeta({ text: line, meta: added })
    : `${line.slice(0, -1)},"meta":${JSON.stringify(added)}}`;
  return { id, versionId, lastUpdatedMs: fallbackMs, text };
}

function headOf(line: string): ResourceHead | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'resourceType' in value ? (value as ResourceHead) : undefined;
  } catch {
    // No JSON: see above.
    return undefined;
  }
}
