import { type AgentOptions, Agent as HttpsAgent } from 'node:https';
import { z } from 'zod';

/** The variables of a process that sends requests to EHRs. */
export const proxyEnvShape = {
  /** A proxy for https requests to EHRs and to receivers of webhooks. */
  HTTPS_PROXY: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL, such as http://proxy.example:3128' })
    .optional(),
  /** The hosts that are requested without the proxy, separated by commas. */
  NO_PROXY: z
    .string()
    .default('')
    .transform((text) => text.split(',')),
};

/** A forward proxy for https. It resolves the names that it gets, so its own rules decide which addresses are reached. */
export interface EgressProxy {
  /** `http://` or `https://`, with a user name and a password if the proxy asks for them. */
  readonly url: string;
  /** The hosts that are connected to without the proxy, as in `NO_PROXY`. */
  readonly except?: readonly string[];
  /** How long the proxy may take to connect to a server. */
  readonly timeoutMs?: number;
}

export function proxyOf(options: {
  readonly HTTPS_PROXY?: string | undefined;
  readonly NO_PROXY: readonly string[];
}): EgressProxy | undefined {
  const { HTTPS_PROXY: url, NO_PROXY: except } = options;
  return url === undefined ? undefined : { url, except };
}

/** Much longer than a proxy needs to resolve a name and to connect. The limit of the request starts only when it has connected. */
const defaultTimeoutMs = 30_000;

/**
 * Creates an agent that connects to each host through the proxy, with CONNECT (RFC 9110, section 9.3.6). A request that the
 * proxy refuses fails with `ERR_PROXY_TUNNEL`, and one that it does not answer as after a timeout.
 * @param checkName throws if the proxy must not get a name. It is called before each connection, because Node does not look the name up
 */
export function createProxyAgent(options: {
  readonly agentOptions: AgentOptions;
  readonly proxy: EgressProxy;
  readonly checkName: (host: string) => Promise<void>;
}): HttpsAgent {
  const { agentOptions, proxy, checkName } = options;
  const { url, timeoutMs = defaultTimeoutMs } = proxy;
  const agent = new HttpsAgent({ ...agentOptions, proxyEnv: { HTTPS_PROXY: url } });
  const openTunnel = agent.createConnection.bind(agent);
  agent.createConnection = (target, callback = () => undefined) => {
    checkName(target.host ?? '')
      // Not returned: the socket becomes one of the server only when the tunnel is open, and then the callback gets it.
      .then(() => void openTunnel({ ...target, timeout: timeoutMs }, callback))
      .catch((error: Error) => callback(error, undefined as never));
    return undefined;
  };
  return agent;
}

/** Whether a request goes through the proxy. Plain http is for private networks only, so it never does. */
export function usesProxy(options: {
  readonly protocol: string;
  readonly host: string;
  readonly proxy: EgressProxy | undefined;
}): boolean {
  const { protocol, host, proxy } = options;
  return proxy !== undefined && protocol === 'https:' && !(proxy.except ?? []).some((entry) => isExempt(host, entry));
}

/** @param entry a host, a domain with every host below it, or `*`. As in curl and Go, a domain may begin with `.` or `*.` */
function isExempt(host: string, entry: string): boolean {
  const domain = entry
    .trim()
    .toLowerCase()
    .replace(/^\*?\./, '');
  return domain === '*' || (domain !== '' && (host === domain || host.endsWith(`.${domain}`)));
}
