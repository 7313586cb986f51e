import { anyProvider, api, type Connection } from '../api/api.ts';

const tokenPath = '/api/ehr/oauth/token';
/** The response is the same for every connection, even for one that does not exist. */
const anyConnection = { path: { provider: anyProvider, connectionId: 'any' } };

/** The URL at which clients reach the API. It can differ from the URL of the console, and clients get tokens only for this one. */
export function usePublicUrl() {
  const { data, error } = api.useQuery(
    'get',
    '/api/ehr/{provider}/fhir/{connectionId}/.well-known/smart-configuration',
    { params: anyConnection },
    { refetchInterval: false, staleTime: Number.POSITIVE_INFINITY },
  );
  return { data: data?.token_endpoint.slice(0, -tokenPath.length), error };
}

export function tokenUrlOf(publicUrl: string): string {
  return publicUrl + tokenPath;
}

/** Where FHIR clients read what is stored of a connection. */
export function fhirBaseUrlOf(publicUrl: string, { provider, id }: Pick<Connection, 'provider' | 'id'>): string {
  return `${publicUrl}/api/ehr/${provider}/fhir/${id}`;
}
