import { addressKind, type EgressRules, hostOf } from '@bulkhead/base/egress';
import { endpointsOf, type Provider } from '../providers/index.ts';

const httpsPort = 443;

/** An operator who configures an endpoint with plain http or a private address has thereby said that it is on their own network. */
export function egressRules(provider: Provider): EgressRules {
  const { hosts, ports } = provider;
  const endpoints = endpointsOf(provider);
  const privateNetwork = provider.privateNetwork ?? endpoints.some(isOnPrivateNetwork);
  // The EHR and its users write links and attachments. On public hosts these could otherwise reach any service.
  const ownPorts = endpoints.map((endpoint) => Number(new URL(endpoint).port) || httpsPort);
  return {
    privateNetwork,
    ports: privateNetwork && ports === undefined ? undefined : [httpsPort, ...ownPorts, ...(ports ?? [])],
    hosts: hosts && [...hosts, ...endpoints.map((endpoint) => hostOf(new URL(endpoint)))],
  };
}

function isOnPrivateNetwork(endpoint: string): boolean {
  const url = new URL(endpoint);
  return url.protocol === 'http:' || addressKind(hostOf(url)) === 'private';
}
