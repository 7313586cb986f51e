import type { Resource } from './resource.ts';
import { isResourceType } from './resource-types.ts';

export interface Deletion {
  readonly resourceType: string;
  readonly resourceId: string;
}

/**
 * The deletions in one line of a `deleted` file: a transaction Bundle with one or more DELETE entries (FHIR Bulk Data,
 * "Bulk Data Output File"). Entries of another method or without the `Type/id` of an R4 type are returned as `unreadable`.
 */
export function readDeletions(bundle: Resource): { readonly deletions: Deletion[]; readonly unreadable: number } {
  const entries = Array.isArray(bundle.entry) ? (bundle.entry as unknown[]) : [];
  const deletions = entries.map(readDeletion);
  const read = deletions.filter((deletion) => deletion !== undefined);
  return { deletions: read, unreadable: deletions.length - read.length };
}

function readDeletion(entry: unknown): Deletion | undefined {
  const request = (entry as { request?: { method?: unknown; url?: unknown } } | null)?.request;
  if (request?.method !== 'DELETE' || typeof request.url !== 'string') return undefined;
  const match = /(?:^|\/)([A-Za-z]+)\/([A-Za-z0-9\-._]+)$/.exec(request.url);
  const [, resourceType = '', resourceId = ''] = match ?? [];
  // A collection is named after the type, so a name that is no type must never get there.
  return isResourceType(resourceType) ? { resourceType, resourceId } : undefined;
}
