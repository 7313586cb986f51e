import { addressKind, type EgressRules, hostOf, matchesHost, urlFault } from '@bulkhead/base/egress';
import type { EhrConnection } from './ehr-connection.ts';
import { endpointsOf, type Provider } from './provider.ts';

const httpsPort = 443;

/** An operator who configures an endpoint with plain http or a private address has thereby said that it is on their own network. */
export function egressRules(provider: Provider, { origins = [] }: Pick<EhrConnection, 'origins'> = {}): EgressRules {
  const { fileHosts, oauthHosts = [], endpointHosts = [], ports } = provider;
  const allowed = [...(provider.origins ?? []), ...origins];
  const endpoints = endpointsOf(provider);
  const privateNetwork = provider.privateNetwork ?? endpoints.some(isOnPrivateNetwork);
  // The EHR and its users write links and attachments. On public hosts these could otherwise reach any service.
  const ownPorts = [...endpoints, ...allowed].map((url) => Number(new URL(url).port) || httpsPort);
  return {
    privateNetwork,
    ports: privateNetwork && ports === undefined ? undefined : [httpsPort, ...ownPorts, ...(ports ?? [])],
    hosts: fileHosts && [
      ...fileHosts,
      ...oauthHosts,
      ...endpointHosts,
      ...[...endpoints, ...allowed].map((url) => hostOf(new URL(url))),
    ],
  };
}

/** Why requests of a provider never reach an origin, as far as its text says so. */
export function egressFault(origin: string, provider: Provider): string | undefined {
  const { hosts, privateNetwork } = egressRules(provider);
  const url = new URL(origin);
  const fault = urlFault(url, { privateNetwork });
  if (fault !== undefined) return `cannot be used: ${fault}`;
  if (hosts?.some((pattern) => matchesHost(hostOf(url), pattern)) ?? true) return undefined;
  return 'is at a host that the provider does not list in `fileHosts`';
}

function isOnPrivateNetwork(endpoint: string): boolean {
  const url = new URL(endpoint);
  return url.protocol === 'http:' || addressKind(hostOf(url)) === 'private';
}
