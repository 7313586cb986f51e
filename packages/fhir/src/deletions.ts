import type { Resource } from './resource.ts';

export interface Deletion {
  readonly resourceType: string;
  readonly resourceId: string;
}

/**
 * The deletions in one line of a `deleted` file: a transaction Bundle with one or more DELETE entries (FHIR Bulk Data,
 * "Bulk Data Output File"). Entries of another method or without a `Type/id` are returned as `unreadable`.
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
  return match?.[1] && match[2] ? { resourceType: match[1], resourceId: match[2] } : undefined;
}
