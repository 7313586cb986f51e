import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { AppError } from '../runtime/index.ts';
import { addressFault, hostOf, urlFault } from './address-rules.ts';
import { createProxyAgent, type EgressProxy, usesProxy } from './egress-proxy.ts';
import { egressError } from './errors.ts';

/** The targets that requests of a provider may have. */
export interface EgressRules {
  /**
   * Whether the provider is on the operator's own network, perhaps with plain http, such as a simulator or a server in the clinic.
   */
  readonly privateNetwork: boolean;
  /** If not set, any host. Otherwise these. `*.example.org` means every host below it. */
  readonly hosts?: readonly string[] | undefined;
  /** If not set, any port. */
  readonly ports?: readonly number[] | undefined;
}

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The options with which axios sends a request under the rules. */
export interface EgressAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
  /** Axios does not look for a proxy itself. Left out if the agent uses one, because axios would then use an agent without it. */
  readonly proxy?: false;
}

/** The value that axios sets on each request. Another value here would cost two more system calls per request. */
const keepAliveMsecs = 60_000;

/**
 * A connection that was idle for this time is closed, or sooner if the server announces a shorter time in `Keep-Alive`. A request on
 * a connection that the server is just closing fails, and a kick-off that is repeated then may run twice. Servers keep an idle
 * connection for 5 s (Node, Apache) or longer. Node ignores the announced time if this one is not set.
 */
const idleConnectionMs = 4000;

/** Distinguishes a refusal while a socket is opened from a failure of the network. */
const refusedCode = 'EGRESS_REFUSED';

/**
 * Checks every request and every redirect before it is sent. EHRs send URLs (links, redirects, `Content-Location`), and a
 * compromised EHR must not make workers request addresses inside the operator's network.
 *
 *   request or redirect --> check(url): scheme, user name, host, port, literal address
 *                       --> lookup when the socket is opened: every address that DNS returned
 *                       --> the socket connects to a checked address, or to the proxy
 *
 * The agent connects to exactly the addresses that were checked, so a second DNS answer cannot differ. Only a proxy resolves a name
 * again. `addressKind` classifies addresses.
 */
export function createEgressGuard(
  options: { readonly resolve?: Resolve; readonly proxy?: EgressProxy | undefined } = {},
) {
  const { resolve = resolveBySystem, proxy } = options;
  const kinds = {
    public: createAgents({ resolve, proxy, privateNetwork: false }),
    private: createAgents({ resolve, proxy, privateNetwork: true }),
  };
  return {
    /** @returns agents for the request. @throws AppError `egress-refused` */
    check({ url, rules }: { readonly url: string; readonly rules: EgressRules }): EgressAgents {
      const address = new URL(url);
      const { protocol } = address;
      const host = hostOf(address);
      // A literal address causes no lookup.
      const fault = urlFault(address, rules);
      if (fault !== undefined) throw refused(host, fault);
      if (rules.hosts?.every((pattern) => !matchesHost(host, pattern))) {
        throw refused(host, 'the provider lists the hosts of files (`fileHosts`), and this is none of them');
      }
      if (rules.ports && !rules.ports.includes(portOf(address))) {
        throw refused(host, 'the port is neither 443 nor one of the provider (`ports`)');
      }
      const { direct, throughProxy } = rules.privateNetwork ? kinds.private : kinds.public;
      return usesProxy({ protocol, host, proxy }) ? throughProxy : direct;
    },

    close(): void {
      for (const { httpAgent, httpsAgent } of Object.values(kinds).flatMap(Object.values<EgressAgents>)) {
        httpAgent.destroy();
        httpsAgent.destroy();
      }
    },
  };
}

export type EgressGuard = ReturnType<typeof createEgressGuard>;

/** @returns the refusal that this error is or was caused by, if any */
export function egressRefusal(error: unknown): AppError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AppError && cause.code === 'egress-refused') return cause;
    if ((cause as { code?: unknown }).code === refusedCode)
      return refused((cause as { host?: string }).host ?? '', cause.message);
  }
  return undefined;
}

function createAgents(options: {
  readonly resolve: Resolve;
  readonly proxy: EgressProxy | undefined;
  readonly privateNetwork: boolean;
}): { readonly direct: EgressAgents; readonly throughProxy: EgressAgents } {
  const { resolve, proxy, privateNetwork } = options;
  /** @throws an error with `refusedCode` if an address is forbidden, and the error of the lookup */
  const resolveChecked: Resolve = async (host) => {
    const addresses = await resolve(host);
    try {
      // One forbidden address among others is an attack, so all are rejected.
      for (const { address } of addresses) checkAddress({ host, address, privateNetwork });
    } catch (error) {
      const { context } = error as AppError;
      throw Object.assign(new Error(String(context.reason)), { code: refusedCode, host });
    }
    return addresses;
  };
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolveChecked(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) return callback(null, [...addresses]);
        return callback(null, first?.address ?? '', first?.family ?? 0);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
  // Agents apply `timeout` to idle connections. During a request, the time limit of the request replaces it.
  const agentOptions: AgentOptions & { lookup: LookupFunction } = {
    keepAlive: true,
    keepAliveMsecs,
    timeout: idleConnectionMs,
    lookup,
  };
  /** Often only the proxy can resolve public names. A name that is known here must not lead the proxy into this network. */
  const checkName = async (host: string) => {
    try {
      await resolveChecked(host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === refusedCode) throw error;
    }
  };
  const httpAgent = openedWithoutLimit(new HttpAgent(agentOptions));
  const direct: EgressAgents = {
    httpAgent,
    httpsAgent: openedWithoutLimit(new HttpsAgent(agentOptions)),
    proxy: false,
  };
  if (!proxy) return { direct, throughProxy: direct };
  return { direct, throughProxy: { httpAgent, httpsAgent: createProxyAgent({ agentOptions, proxy, checkName }) } };
}

/** An agent also applies its `timeout` to a socket that is being opened. A slow lookup would then end long before the request's limit. */
function openedWithoutLimit<SomeAgent extends HttpAgent>(agent: SomeAgent): SomeAgent {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => createConnection({ ...options, timeout: undefined }, callback);
  return agent;
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
  const fault = addressFault(address, { privateNetwork });
  if (fault !== undefined) throw refused(host, fault);
}

/** @param pattern a host, or `*.example.org` for every host below it */
export function matchesHost(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function refused(host: string, reason: string): AppError {
  const message = `A URL at ${host} was not requested: ${reason}. If the URL is correct, allow it in the registry entry of the provider.`;
  return egressError('egress-refused', { message, context: { host, reason } });
}
