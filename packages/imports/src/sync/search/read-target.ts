import { EhrHttpError, type EhrSession, readResource } from '@bulkhead/ehr';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';
import { withPage, withRequest } from './step-searches.ts';
import { type PageRepository, storeSearchPage } from './store-search-page.ts';

interface TargetRead {
  readonly resourceId: string;
  readonly step: SyncStep;
  readonly run: SyncRun;
  readonly session: EhrSession;
  readonly search: SyncSearch;
  readonly signal: AbortSignal;
  readonly onLarge: () => Promise<void>;
}

/**
 * Reads a resource to which stored resources refer, and stores it. It sends no request if the reference is no longer open: an export has stored the
 * resource meanwhile, or an erasure has deleted what refers to it.
 */
export async function readTarget(
  deps: SyncDeps<PageRepository | 'openReferences'>,
  read: TargetRead,
): Promise<SyncSearch> {
  const { store, now } = deps;
  const { step, session, search, signal, onLarge, resourceId } = read;
  const { connectionId } = step;
  const { resourceType } = search;
  const target = { resourceType, resourceId };
  const ended = { ...search, state: 'completed' as const };
  if (!(await store.openReferences.exists(connectionId, target))) return ended;
  const stored = await store.resources.findKnown({ connectionId, resourceType, ids: [resourceId] });
  if (stored.size > 0) {
    await store.openReferences.remove(connectionId, [target]);
    return ended;
  }
  const answer = await readResource({ session, resourceType, id: resourceId, signal, onLarge }).catch((error) => {
    if (error instanceof EhrHttpError && (error.status === 404 || error.status === 410)) return undefined;
    throw error;
  });
  // A server can send an OperationOutcome, or another resource with which it has merged this one.
  const isTarget = (answer?.content as { readonly id?: unknown } | null | undefined)?.id === resourceId;
  if (!answer || !isTarget) {
    await store.openReferences.noteMissing(connectionId, target, now());
    return withRequest(ended);
  }
  const { content, servedAt } = answer;
  const page = { entries: [{ index: 0, content, hasResource: true, isMatch: true }], issues: [], servedAt };
  const { counts } = await storeSearchPage(deps, { ...read, page });
  if (counts.stored + counts.stale > 0) await store.openReferences.remove(connectionId, [target]);
  else await store.openReferences.noteMissing(connectionId, target, now());
  return withPage(search, { url: '', page, counts });
}
