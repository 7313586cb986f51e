import { EhrHttpError, type EhrSession, readResource } from '@bulkhead/ehr';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';
import { withPage, withRequest } from './step-searches.ts';
import { type PageRepository, storeSearchPage } from './store-search-page.ts';

interface TargetRead {
  readonly target: NonNullable<SyncStep['target']>;
  readonly step: SyncStep;
  readonly run: SyncRun;
  readonly session: EhrSession;
  readonly search: SyncSearch;
  readonly signal: AbortSignal;
  readonly onLarge: () => Promise<void>;
}

/**
 * Reads a resource to which stored resources refer, and stores it. It sends no request if an export has stored the resource meanwhile, or an
 * erasure has deleted what refers to it. If nothing is stored, the step shows for a week that the EHR does not have it (`findAsked`).
 */
export async function readTarget(deps: SyncDeps<PageRepository>, read: TargetRead): Promise<SyncSearch> {
  const { step, session, search, signal, onLarge, target } = read;
  const { connectionId } = step;
  const { resourceType } = search;
  const { resourceId, referredBy } = target;
  const ended = { ...search, state: 'completed' as const };
  const isStored = async (type: string, id: string) => {
    const known = await deps.store.resources.findKnown({ connectionId, resourceType: type, ids: [id] });
    return known.get(id)?.deleted === false;
  };
  // Both texts are gone if the step is of a run that was retried after an erasure.
  const [type = '', id = ''] = referredBy.split('/');
  if (!(await isStored(type, id)) || (await isStored(resourceType, resourceId))) return ended;
  const answer = await readResource({ session, resourceType, id: resourceId, signal, onLarge }).catch((error) => {
    if (error instanceof EhrHttpError && (error.status === 404 || error.status === 410)) return undefined;
    throw error;
  });
  // A server can send an OperationOutcome, or another resource with which it has merged this one.
  const isTarget = (answer?.content as { readonly id?: unknown } | null | undefined)?.id === resourceId;
  if (!answer || !isTarget) return withRequest(ended);
  const { content, servedAt } = answer;
  const page = { entries: [{ index: 0, content, hasResource: true, isMatch: true }], issues: [], servedAt };
  const { counts } = await storeSearchPage(deps, { ...read, page });
  return withPage(search, { url: '', page, counts });
}
