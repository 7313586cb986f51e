import { matchesHost } from '@bulkhead/base/egress';
import { baseUrlsOf } from '@bulkhead/fhir';
import type { EhrConnection } from './ehr-connection.ts';
import { endpointsOf, type Provider } from './provider.ts';

/** The origins at which the token of a connection may be sent. */
export interface EhrOrigins {
  /** That of the FHIR endpoint, and those that the provider or the connection allows. */
  readonly trusted: ReadonlySet<string>;
  /** Where a URL of the EHR is requested: at the FHIR endpoint if its origin is another name of that. */
  resolve(url: string): string;
}

/** An EHR writes links, so only the operator decides which of their origins are parts of the EHR. */
export function ehrOrigins(
  connection: Pick<EhrConnection, 'fhirEndpoint' | 'origins' | 'aliases'>,
  provider: Pick<Provider, 'origins' | 'aliases'>,
): EhrOrigins {
  const endpoint = new URL(connection.fhirEndpoint);
  const aliases = aliasesOf(connection, provider);
  return {
    trusted: new Set([endpoint.origin, ...(provider.origins ?? []), ...(connection.origins ?? [])]),
    resolve(url) {
      const { origin, pathname, search, hash } = new URL(url);
      // By its parts: after a user name, as in `http://a@host`, the rest of the text would begin with another host.
      return aliases.has(origin) ? `${endpoint.origin}${pathname}${search}${hash}` : url;
    },
  };
}

/** The FHIR base URLs by which an EHR knows itself, for `readReference`. */
export function ehrBaseUrls(...ehr: Parameters<typeof aliasesOf>): readonly string[] {
  const [{ fhirEndpoint }] = ehr;
  return baseUrlsOf(fhirEndpoint, aliasesOf(...ehr));
}

function aliasesOf(
  connection: Pick<EhrConnection, 'fhirEndpoint' | 'aliases'>,
  provider: Pick<Provider, 'aliases'>,
): ReadonlySet<string> {
  const endpoint = new URL(connection.fhirEndpoint);
  const aliases = new Set([...(provider.aliases ?? []), ...(connection.aliases ?? [])]);
  // A server behind a proxy that ends TLS often takes itself for one without.
  if (endpoint.protocol === 'https:' && endpoint.port === '') aliases.add(`http://${endpoint.hostname}`);
  return aliases;
}

/** Whether a connection may have this FHIR or token endpoint. Credentials go there, so the registry decides, and no request does. */
export function isAllowedEndpoint(url: string, provider: Provider): boolean {
  return registryOrigins(provider).has(new URL(url).origin) || matchesEndpointHosts(url, provider);
}

/** Why a connection cannot have an endpoint. */
export function endpointFault(url: string, provider: Provider): string | undefined {
  if (isAllowedEndpoint(url, provider)) return undefined;
  const hosts = [
    ...registryOrigins(provider),
    ...(provider.endpointHosts ?? []).map((pattern) => `https://${pattern}`),
  ];
  return `must be on a host of ${provider.id}: ${hosts.join(', ')}`;
}

function registryOrigins(provider: Provider): ReadonlySet<string> {
  return new Set(endpointsOf(provider).map((endpoint) => new URL(endpoint).origin));
}

/** Whether a URL is one of the endpoints that the provider describes by patterns: with https, at the usual port. */
export function matchesEndpointHosts(url: string, { endpointHosts = [] }: Pick<Provider, 'endpointHosts'>): boolean {
  const { protocol, port, hostname, username, password } = new URL(url);
  if (protocol !== 'https:' || port !== '' || username + password !== '') return false;
  return endpointHosts.some((pattern) => matchesHost(hostname, pattern));
}
