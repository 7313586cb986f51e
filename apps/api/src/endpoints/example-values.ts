/** Ids and instants that the examples of the OpenAPI document share. */
export const connectionId = 'conn_01a20ebbc93978f091b11de7704350e0';
export const exportId = 'job_01a20ebbc9477ed4b36076ce74bec9ba';
export const runId = 'sync_01a20ebbc9477ed4b36076ce74bec9ba';
export const at = '2026-11-24T18:05:17.511Z';
export const later = '2026-11-24T18:05:19.825Z';
