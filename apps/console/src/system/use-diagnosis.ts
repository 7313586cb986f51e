import { api } from '../api/api.ts';

/** It asks Redis, MongoDB and every connection: not as often as a list of records. */
const refreshMs = 60_000;

/** The checks of `bulkhead doctor`. */
export function useDiagnosis() {
  return api.useQuery('get', '/api/ehr/diagnosis', {}, { refetchInterval: refreshMs });
}
