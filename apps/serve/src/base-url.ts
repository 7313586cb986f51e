import { originOf, type ProcessState } from '@bulkhead/http';
import type { Request } from 'express';

/** The parameters of the path of every FHIR endpoint. */
export interface BaseParams {
  readonly provider: string;
  readonly connectionId: string;
}

/** The FHIR base URL of the request. */
export function baseUrlOf(options: {
  readonly request: Request;
  readonly process: Pick<ProcessState, 'publicUrl'>;
  readonly params: BaseParams;
}): string {
  const { request, process, params } = options;
  return `${originOf(request, process)}/api/ehr/${params.provider}/fhir/${params.connectionId}`;
}
