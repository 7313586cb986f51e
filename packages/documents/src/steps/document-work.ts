import { type FeatureWork, leavesNothingAtEhr, withholdsNoLines, worksOnNoPatient } from '@bulkhead/store';
import type { DocumentDeps } from './deps.ts';
import { ensureDocumentJobs } from './note-documents.ts';

export function documentWork(deps: DocumentDeps<'documents'>): FeatureWork {
  const { store, now } = deps;
  return {
    leaveEhr: leavesNothingAtEhr,
    isBusyWith: worksOnNoPatient,
    recountWithheld: withholdsNoLines,
    stop: (connectionId) => store.documents.cancelUnsettled({ connectionId, now: now() }),
    ensureJobs: () => ensureDocumentJobs(deps),
  };
}
