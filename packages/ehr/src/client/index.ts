export { toBodyError } from './answers/accept-answer.ts';
export { documentAnswer, fileAnswer, resourceAnswer } from './answers/answer-rules.ts';
export { statedDayLimit } from './answers/limit-headers.ts';
export { deleteExport, type Manifest, readExportStatus, refusesHeaders } from './bulk-data/export-status.ts';
export { answerSecondsOf, exportsGroup, type KickOff, kickOffExport } from './bulk-data/kick-off.ts';
export { makeGroup } from './bulk-data/made-group.ts';
export type { KickOffForm } from './bulk-data/negotiate-kick-off.ts';
export { openFile } from './bulk-data/open-file.ts';
export { checkPaging, type PagingState } from './bulk-data/paging-loop.ts';
export { createEhrClient, type EhrClient } from './create-ehr-client.ts';

export type { EhrSession, SessionRequest } from './ehr-session.ts';
export { ehrError } from './errors.ts';
export { EhrHttpError } from './http/ehr-http-error.ts';
export type { EhrObserver } from './http/ehr-observer.ts';

export { tokenRemedy } from './oauth/token-error.ts';
export type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from './oauth/token-store.ts';
export { provenanceOfTarget, readCapabilities } from './search/capability-statement.ts';
export { readResource, readSearchPage, type SearchPage, searchUrl } from './search/search.ts';
