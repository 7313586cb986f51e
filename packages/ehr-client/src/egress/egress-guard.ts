import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { endpointsOf, type Provider } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { addressKind } from './address-rules.ts';

/** Where requests of a provider may go. */
export interface EgressRules {
  /** The provider is on the operator's own network, perhaps by plain http: a simulator, a server in the clinic. */
  readonly privateNetwork: boolean;
  /** Left out: any host. Otherwise these and the provider's own; `*.example.org` stands for every host below it. */
  readonly hosts?: readonly string[] | undefined;
  /** Left out: any port. */
  readonly ports?: readonly number[] | undefined;
}

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** What axios needs to send a request under the rules. */
export interface EgressAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** As axios sets it on each request: another value here would be two more system calls a request. */
const keepAliveMsecs = 60_000;

/** How a refusal inside of a socket's making is told from a failure of the network. */
const refusedCode = 'EGRESS_REFUSED';

/**
 * Stands before every request and every redirect. An EHR names addresses (links, redirects, `Content-Location`), and one that was
 * taken over must not make workers ask the inside of the network that they run in. What DNS answers is checked where the
 * socket is made, and the socket goes to exactly what was checked: a second answer cannot differ.
 */
export function createEgressGuard({ resolve = resolveBySystem }: { readonly resolve?: Resolve } = {}) {
  const kinds = { public: createAgents(resolve, false), own: createAgents(resolve, true) };
  return {
    /** @returns agents for the request. @throws AppError `egress-refused` */
    check({ url, rules }: { readonly url: string; readonly rules: EgressRules }): EgressAgents {
      const address = new URL(url);
      const { protocol, hostname, username, password } = address;
      const host = hostname.replace(/^\[|\]$/g, '');
      if (username !== '' || password !== '') throw refused(host, 'the address carries a user name');
      if (protocol !== 'https:' && !(protocol === 'http:' && rules.privateNetwork))
        throw refused(host, 'it is not https');
      if (rules.hosts && !rules.hosts.some((pattern) => matchesHost(host, pattern))) {
        throw refused(host, 'the host is not one of the provider');
      }
      if (rules.ports && !rules.ports.includes(portOf(address))) {
        throw refused(host, 'the port is not one of the provider');
      }
      // A literal address makes no lookup.
      if (isIP(host) !== 0) checkAddress({ host, address: host, privateNetwork: rules.privateNetwork });
      return rules.privateNetwork ? kinds.own : kinds.public;
    },

    close(): void {
      for (const { httpAgent, httpsAgent } of Object.values(kinds)) {
        httpAgent.destroy();
        httpsAgent.destroy();
      }
    },
  };
}

export type EgressGuard = ReturnType<typeof createEgressGuard>;

/** @returns the refusal that an error is or comes from, if there was one. */
export function egressRefusal(error: unknown): AppError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AppError && cause.code === 'egress-refused') return cause;
    if ((cause as { code?: unknown }).code === refusedCode)
      return refused((cause as { host?: string }).host ?? '', cause.message);
  }
  return undefined;
}

function createAgents(resolve: Resolve, privateNetwork: boolean): EgressAgents {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        try {
          // One bad answer among good ones is an attempt, not a choice.
          for (const { address } of addresses) checkAddress({ host: hostname, address, privateNetwork });
        } catch (error) {
          const { context } = error as AppError;
          const failure = Object.assign(new Error(String(context.reason)), { code: refusedCode, host: hostname });
          return callback(failure, '', 0);
        }
        const [first] = addresses;
        if (options.all) return callback(null, [...addresses]);
        return callback(null, first?.address ?? '', first?.family ?? 0);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
  const options: AgentOptions & { lookup: LookupFunction } = { keepAlive: true, keepAliveMsecs, lookup };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

function checkAddress(options: {
  readonly host: string;
  readonly address: string;
  readonly privateNetwork: boolean;
}): void {
  const { host, address, privateNetwork } = options;
  const kind = addressKind(address);
  if (kind === 'public' || (kind === 'own' && privateNetwork)) return;
  throw refused(host, kind === 'own' ? 'it is an address of a private network' : 'it is an address that no EHR has');
}

/** @param pattern a host, or `*.example.org` for every host below it. */
export function matchesHost(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function refused(host: string, reason: string): AppError {
  return new AppError({
    code: 'egress-refused',
    message:
      'The EHR points to an address that is not asked: none of its hosts or ports, of a private network, or not https. If it is right, allow it in the registry entry of the provider.',
    retry: 'never',
    context: { host, reason },
  });
}

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
