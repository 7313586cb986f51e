import { endpointsOf, type Provider } from '@bulkhead/providers';
import { addressKind } from './address-rules.ts';
import type { EgressRules } from './egress-guard.ts';

const httpsPort = 443;

/** An operator who configures an endpoint by plain http, or by a private address, has said that it is on the own network. */
export function egressRules(provider: Provider): EgressRules {
  const { hosts, ports } = provider;
  const endpoints = endpointsOf(provider);
  const privateNetwork = provider.privateNetwork ?? endpoints.some(isOnPrivateNetwork);
  // Links and attachments are written by others: on public hosts they could otherwise reach any service.
  const ownPorts = endpoints.map((endpoint) => Number(new URL(endpoint).port) || httpsPort);
  return {
    privateNetwork,
    ports: privateNetwork && ports === undefined ? undefined : [httpsPort, ...ownPorts, ...(ports ?? [])],
    hosts: hosts && [...hosts, ...endpoints.map((endpoint) => new URL(endpoint).hostname)],
  };
}

function isOnPrivateNetwork(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' || addressKind(hostname.replace(/^\[|\]$/g, '')) === 'own';
}
