import { AppError } from '@bulkhead/domain';
import type { EhrHttp, EhrRequest } from './ehr-http.ts';

/**
 * The token endpoint from `.well-known/smart-configuration` (SMART App Launch 2, "Conformance").
 * @throws AppError `smart-discovery-failed`
 */
export async function discoverTokenEndpoint(options: {
  readonly http: EhrHttp;
  readonly request: Pick<EhrRequest, 'connection' | 'budget' | 'egress' | 'priority' | 'signal'>;
}): Promise<string> {
  const { http, request } = options;
  const url = `${request.connection.fhirEndpoint}/.well-known/smart-configuration`;
  const response = await http.send({
    ...request,
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    responseType: 'json',
    retries: 2,
  });
  const endpoint = (response.data as { token_endpoint?: unknown } | undefined)?.token_endpoint;
  if (typeof endpoint === 'string' && URL.canParse(endpoint, response.url)) return new URL(endpoint, response.url).href;
  throw new AppError({
    code: 'smart-discovery-failed',
    message: 'The EHR names no token endpoint. Verify the FHIR endpoint, or give the connection a tokenEndpoint.',
    retry: 'never',
    context: { connectionId: request.connection.id },
  });
}
