import { AppError, present } from '@bulkhead/base';
import { matchesHost } from '@bulkhead/base/egress';
import { type ScopeVersion, scopeVersions } from '@bulkhead/fhir';
import { endpointsOf, matchesEndpointHosts, type Provider } from '../../providers/index.ts';
import { type AnswerRules, configurationAnswer, resourceAnswer } from '../answers/answer-rules.ts';
import { ehrError } from '../errors.ts';
import type { EhrRequest } from '../http/ehr-axios.ts';
import type { EhrHttp } from '../http/ehr-http.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';

export type DiscoveryRequest = Pick<EhrRequest, 'connection' | 'budget' | 'egress' | 'priority' | 'signal'> & {
  readonly provider: Provider;
};

/** The OAuth endpoints of an EHR. */
export interface AuthorizationServer {
  readonly tokenEndpoint: string;
  readonly authorizationEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly issuer?: string;
  /** Whether the response to an authorization request names the issuer (RFC 9207). */
  readonly namesIssuer: boolean;
  /** The versions of scopes that it says it understands. Absent if it does not say. */
  readonly scopeVersions?: readonly ScopeVersion[];
  readonly foundBy: 'smart-configuration' | 'capability-statement' | 'settings';
}

type Endpoints = Omit<AuthorizationServer, 'foundBy' | 'namesIssuer' | 'tokenEndpoint'> & {
  readonly tokenEndpoint?: string | undefined;
  readonly namesIssuer?: boolean;
};

const oauthUris = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

/**
 * Reads `.well-known/smart-configuration` (SMART App Launch 2.2, "Conformance"), then the CapabilityStatement (its `oauth-uris`
 * extension), then the registry.
 * @throws AppError `smart-discovery-failed`, `endpoint-not-allowed`, and the error of a server that is down
 */
async function discoverServer(http: EhrHttp, request: DiscoveryRequest): Promise<AuthorizationServer> {
  const { provider, connection } = request;
  const ways = [
    { foundBy: 'smart-configuration', read: () => readSmartConfiguration(http, request) },
    { foundBy: 'capability-statement', read: () => readOauthUris(http, request) },
    { foundBy: 'settings', read: async () => fromSettings(provider, connection.environment) },
  ] as const;
  for (const { foundBy, read } of ways) {
    const { tokenEndpoint, namesIssuer = false, ...others } = await read();
    if (tokenEndpoint === undefined) continue;
    const server = { tokenEndpoint, namesIssuer, ...others, foundBy };
    for (const endpoint of [tokenEndpoint, others.authorizationEndpoint, others.revocationEndpoint])
      if (endpoint !== undefined) checkEndpoint(request, endpoint);
    return server;
  }
  throw ehrError('smart-discovery-failed', { context: { connectionId: connection.id } });
}

/**
 * Credentials are only sent to hosts in the registry, even if a FHIR server names others. Of the hosts that the registry describes by patterns,
 * they go to that of the connection, and to the token endpoint that an operator has chosen.
 * @throws AppError `endpoint-not-allowed`
 */
export function checkEndpoint(
  { provider, connection }: Pick<DiscoveryRequest, 'provider' | 'connection'>,
  endpoint: string,
): void {
  const { hostname } = new URL(endpoint);
  const hosts = [
    ...endpointsOf(provider).map((endpoint) => new URL(endpoint).hostname),
    ...(provider.oauthHosts ?? []),
  ];
  if (hosts.some((pattern) => matchesHost(hostname, pattern))) return;
  const { auth, fhirEndpoint } = connection;
  const isChosen = 'tokenEndpoint' in auth && auth.tokenEndpoint === endpoint;
  const isOwn = new URL(fhirEndpoint).hostname === hostname;
  if ((isChosen || isOwn) && matchesEndpointHosts(endpoint, provider)) return;
  const message = `The EHR publishes an OAuth endpoint at ${hostname}, which does not belong to the provider ${provider.id}. No credentials were sent. If the host is correct, add it to \`oauthHosts\` in the registry entry of the provider.`;
  throw ehrError('endpoint-not-allowed', { message, context: { host: hostname } });
}

async function readSmartConfiguration(http: EhrHttp, request: DiscoveryRequest) {
  const { data, url } = await read({
    http,
    request,
    path: '/.well-known/smart-configuration',
    accept: 'application/json',
    answer: configurationAnswer,
  });
  const document = (data ?? {}) as Readonly<Record<string, unknown>>;
  const { issuer, authorization_response_iss_parameter_supported: namesIssuer } = document;
  return {
    ...toEndpoints({
      token: document.token_endpoint,
      authorize: document.authorization_endpoint,
      revoke: document.revocation_endpoint,
      base: url,
    }),
    ...(typeof issuer === 'string' && issuer.length <= longestEndpoint ? { issuer } : {}),
    namesIssuer: namesIssuer === true,
    ...toScopeVersions(document.capabilities),
  };
}

/** SMART App Launch 2.2, "Capability sets": `permission-v1` and `permission-v2`. */
function toScopeVersions(capabilities: unknown): Pick<AuthorizationServer, 'scopeVersions'> {
  const names: readonly unknown[] = Array.isArray(capabilities) ? capabilities : [];
  const versions = scopeVersions.filter((version) => names.includes(`permission-${version}`));
  return versions.length === 0 ? {} : { scopeVersions: versions };
}

/** Servers before SMART 2 have these instead (SMART App Launch 1.0, "Conformance"). */
async function readOauthUris(http: EhrHttp, request: DiscoveryRequest): Promise<Endpoints> {
  const { data, url } = await read({
    http,
    request,
    path: '/metadata',
    accept: 'application/fhir+json',
    answer: resourceAnswer,
  });
  const rests = listOf((data as { rest?: unknown } | undefined)?.rest);
  const extensions = rests.flatMap(({ security }) => listOf((security as { extension?: unknown })?.extension));
  const uris = extensions
    .filter((extension) => extension.url === oauthUris)
    .flatMap(({ extension }) => listOf(extension));
  const uri = (name: string) => uris.find((extension) => extension.url === name)?.valueUri;
  return toEndpoints({ token: uri('token'), authorize: uri('authorize'), revoke: uri('revoke'), base: url });
}

function fromSettings(provider: Provider, environment: string): Endpoints {
  return Object.hasOwn(provider.environments, environment) ? (provider.environments[environment] as Endpoints) : {};
}

/** @returns no data if the server answers without this document. A server that is down is an error. */
async function read(options: {
  readonly http: EhrHttp;
  readonly request: DiscoveryRequest;
  readonly path: string;
  readonly accept: string;
  readonly answer: AnswerRules;
}): Promise<{ readonly data: unknown; readonly url: string }> {
  const { http, path, accept, answer } = options;
  const { connection, budget, egress, priority, signal } = options.request;
  const url = connection.fhirEndpoint + path;
  const request = { connection, budget, egress, priority, signal };
  try {
    return await http.send({ ...request, method: 'GET', url, headers: { accept }, answer, retries: 2 });
  } catch (error) {
    const isOtherDocument = error instanceof AppError && error.code === 'answer-unusable';
    if (isOtherDocument || (error instanceof EhrHttpError && error.retry === 'never')) return { data: undefined, url };
    throw error;
  }
}

/** Browsers are sent to one of them, with 1,000 characters of parameters. */
const longestEndpoint = 2000;

function toEndpoints(stated: {
  readonly token: unknown;
  readonly authorize: unknown;
  readonly revoke: unknown;
  readonly base: string;
}): Endpoints {
  const { token, authorize, revoke, base } = stated;
  const [tokenEndpoint, authorizationEndpoint, revocationEndpoint] = [token, authorize, revoke].map((uri) =>
    typeof uri === 'string' && uri.length <= longestEndpoint && URL.canParse(uri, base)
      ? new URL(uri, base).href
      : undefined,
  );
  return present({ tokenEndpoint, authorizationEndpoint, revocationEndpoint });
}

/** A server may send anything in the place of a list. */
function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}

export type AuthorizationServerSource = ReturnType<typeof createAuthorizationServerSource>;

/**
 * Endpoints only move with announced releases of the EHR. A token is valid for an hour, so the discovered endpoints are kept as
 * long.
 */
const maxAgeMs = 60 * 60_000;

/** A failure is kept briefly. Anyone can cause a launch, and an EHR that is down must not get a request for each of them. */
const failureMaxAgeMs = 10_000;

interface Cached {
  readonly server: Promise<AuthorizationServer>;
  readonly provider: Provider;
  until: number;
}

/** Each process discovers a FHIR endpoint once an hour, for any number of connections. */
export function createAuthorizationServerSource({ http }: { readonly http: EhrHttp }) {
  const servers = new Map<string, Cached>();
  return {
    find(request: DiscoveryRequest): Promise<AuthorizationServer> {
      const { provider } = request;
      const { fhirEndpoint } = request.connection;
      const cached = servers.get(fhirEndpoint);
      // Which hosts may get credentials was checked by the entry of the provider at that time.
      if (cached?.provider === provider && performance.now() < cached.until) return cached.server;
      // Other requests wait for the same result, so it is not aborted with the request that started it.
      const server = discoverServer(http, { ...request, signal: undefined });
      const entry = { server, provider, until: performance.now() + maxAgeMs };
      servers.set(fhirEndpoint, entry);
      server.catch(() => {
        entry.until = performance.now() + failureMaxAgeMs;
      });
      return server;
    },
    /** The next call discovers the server again. */
    forget: (fhirEndpoint: string) => servers.delete(fhirEndpoint),
  };
}
