import { readFileSync } from 'node:fs';
import { AppError, cronFault, isTimeZone, scheduleKinds, withoutTrailingSlashes } from '@bulkhead/domain';
import { EnvError } from '@bulkhead/runtime';
import { z } from 'zod';
import { addressKind } from './address-rules.ts';
import type { EgressRules } from './egress-guard.ts';
import { athenahealthRateLimit, tokensPerMinute } from './rate-limit.ts';

const rateLimitSchema = z.strictObject({
  limit: z.int().min(1).max(10_000),
  windowMs: z.int().min(10).max(3_600_000),
  perDay: z.int().min(1),
  guardMs: z.int().min(0).max(5000).default(150),
  coldStart: z.enum(['wait', 'go']).optional(),
});

const endpointSchema = z.url({ protocol: /^https?$/ });

const environmentSchema = z.strictObject({
  fhirEndpoint: z.url({ protocol: /^https?$/ }).transform(withoutTrailingSlashes),
  /** For servers that name none in `.well-known/smart-configuration` and their CapabilityStatement. */
  tokenEndpoint: endpointSchema.optional(),
  authorizationEndpoint: endpointSchema.optional(),
  revocationEndpoint: endpointSchema.optional(),
  /** Of the token endpoint alone, per client id. Left out: none. */
  tokenRateLimit: rateLimitSchema.optional(),
});

/** What a new connection gets, unless its request says `schedule: false`. */
const defaultScheduleSchema = z.strictObject({
  cron: z.string().refine((cron) => cronFault(cron) === undefined, { error: ({ input }) => cronFault(String(input)) }),
  timeZone: z.string().refine(isTimeZone, 'is no time zone of the IANA database, such as America/New_York'),
  kind: z.enum(scheduleKinds),
});

const parametersSchema = z.record(z.string(), z.string());

/** What a provider's searches need, beyond FHIR: see docs/architecture.md. */
const searchSchema = z.strictObject({
  /** Sent with every search; `{practiceId}` is replaced by the connection's. */
  parameters: parametersSchema.default({}),
  parametersByType: z.record(z.string(), parametersSchema).default({}),
  /** Types that cannot be searched by patient, each with the reason that a sync gives for leaving it out. */
  notByPatient: z.record(z.string(), z.string()).default({}),
  /** What a connection test reads, below the FHIR endpoint; `{practiceId}` is replaced. Left out: a search for no patient. */
  testRead: z.string().min(1).optional(),
  /** `_count`: a hint that servers may lower. */
  pageSize: z.int().min(1).max(1000).default(100),
  /** Ids in one `_id` list; some 50 of 30 characters keep a URL under 2,000. */
  idsPerRequest: z.int().min(1).max(500).default(50),
  /** Patients in one search of their records (a list in `patient`); 1, since not every server takes a list. */
  patientsPerRequest: z.int().min(1).max(100).default(1),
  /**
   * True claims that a search of patients with `_revinclude` returns every record of these patients. Many servers stop at a limit
   * of their own, often 1,000, and no page says so: then records are missing without a trace. Set it only if the server's
   * documentation promises complete includes.
   */
  revIncludeIsComplete: z.boolean().default(false),
});

export const providerSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, 'lower-case letters, digits and hyphens'),
  name: z.string().min(1),
  environments: z.record(z.string(), environmentSchema),
  defaultEnvironment: z.string(),
  defaultScope: z.string().optional(),
  /** What a user is asked for; in an EHR launch `launch` stands in the place of `launch/patient`. */
  authorizationScope: z.string().optional(),
  /** A regular expression whose group is the practice's id, in a patient's id: a launch names no practice. */
  practiceOfPatient: z.string().optional(),
  /** `{practiceId}` is replaced: athenahealth's Group of a whole practice. */
  groupIdTemplate: z.string().optional(),
  /** Left out: none. */
  rateLimit: rateLimitSchema.optional(),
  search: searchSchema.optional(),
  /** On the operator's own network, perhaps by plain http: see docs/architecture.md. */
  privateNetwork: z.boolean().optional(),
  /** Hosts of files and tokens beside the endpoints' own; `*.example.org` for all below. Left out: any public host. */
  hosts: z.array(z.string().min(1)).optional(),
  /** Ports of files and attachments beside 443 and the endpoints' own. Left out: none, and any port on a private network. */
  ports: z.array(z.int().min(1).max(65_535)).optional(),
  defaultSchedule: defaultScheduleSchema.optional(),
  /** Used where a connection names none: the guide's ATHENAHEALTH_CLIENT_ID and _SECRET. */
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  /** The guide's ATHENAHEALTH_REDIRECT_URI. */
  redirectUri: z.url().optional(),
});
export type Provider = z.output<typeof providerSchema>;

/** The guide's four variables, as an app's environment gives them. */
export interface ProviderSettings {
  readonly ATHENAHEALTH_CLIENT_ID?: string | undefined;
  readonly ATHENAHEALTH_CLIENT_SECRET?: string | undefined;
  readonly ATHENAHEALTH_REDIRECT_URI?: string | undefined;
  readonly ATHENAHEALTH_FHIR_ENDPOINT?: string | undefined;
  /** JSON: `{ cron, timeZone, kind }`. */
  readonly ATHENAHEALTH_DEFAULT_SCHEDULE?: string | undefined;
  /** A JSON file: an array of providers, or an object with `providers`. */
  readonly BULKHEAD_PROVIDERS_FILE?: string | undefined;
}

export interface ProviderRegistry {
  /** @throws AppError `unknown-provider` */
  get(id: string): Provider;
  list(): readonly Provider[];
}

/**
 * The EHR vendors that connections can name.
 * @throws EnvError naming every fault of the providers' file.
 */
export function createProviderRegistry(settings: ProviderSettings): ProviderRegistry {
  const providers = new Map([athenahealth(settings), ...readProviders(settings)].map((one) => [one.id, one]));
  return {
    get(id) {
      const provider = providers.get(id);
      if (provider) return provider;
      throw new AppError({
        code: 'unknown-provider',
        message: `There is no such provider. Known are: ${[...providers.keys()].join(', ')}.`,
        retry: 'never',
      });
    },
    list: () => [...providers.values()],
  };
}

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

/** Every endpoint that the registry names for a provider. */
export function endpointsOf({ environments }: Pick<Provider, 'environments'>): readonly string[] {
  return Object.values(environments).flatMap((one) =>
    [one.fhirEndpoint, one.tokenEndpoint, one.authorizationEndpoint, one.revocationEndpoint].filter(
      (endpoint) => endpoint !== undefined,
    ),
  );
}

const httpsPort = 443;

function isOnPrivateNetwork(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' || addressKind(hostname.replace(/^\[|\]$/g, '')) === 'own';
}

function athenahealth(settings: ProviderSettings): Provider {
  const production = settings.ATHENAHEALTH_FHIR_ENDPOINT ?? 'https://api.platform.athenahealth.com/fhir/r4';
  return providerSchema.parse({
    id: 'athenahealth',
    name: 'athenahealth',
    environments: {
      production: { fhirEndpoint: production, tokenRateLimit: tokensPerMinute(50) },
      // Not published for the sandbox: the lower one.
      sandbox: {
        fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4/sandbox',
        tokenRateLimit: tokensPerMinute(5),
      },
      preview: {
        fhirEndpoint: 'https://api.preview.platform.athenahealth.com/fhir/r4',
        tokenRateLimit: tokensPerMinute(5),
      },
    },
    defaultEnvironment: 'production',
    defaultScope: 'system/*.read',
    authorizationScope: 'launch/patient patient/*.read',
    practiceOfPatient: '^a-(\\d+)\\.',
    groupIdTemplate: 'a-1.C-{practiceId}',
    rateLimit: athenahealthRateLimit,
    search: {
      parameters: { 'ah-practice': 'Organization/a-1.Practice-{practiceId}' },
      // `intent` is mandatory beside `patient`: all of them (https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
      parametersByType: {
        MedicationRequest: {
          intent: 'proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option',
        },
      },
      notByPatient: {
        Appointment: 'athenahealth finds appointments by their ids only; a bulk export brings them',
      },
    },
    defaultSchedule: readDefaultSchedule(settings),
    clientId: settings.ATHENAHEALTH_CLIENT_ID,
    clientSecret: settings.ATHENAHEALTH_CLIENT_SECRET,
    redirectUri: settings.ATHENAHEALTH_REDIRECT_URI,
  });
}

function readDefaultSchedule({ ATHENAHEALTH_DEFAULT_SCHEDULE: text }: ProviderSettings) {
  if (text === undefined) return undefined;
  const name = 'ATHENAHEALTH_DEFAULT_SCHEDULE';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new EnvError([
      `${name}: is no JSON, such as {"cron":"0 2 * * *","timeZone":"America/New_York","kind":"export"}`,
    ]);
  }
  const parsed = defaultScheduleSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new EnvError(
    parsed.error.issues.map(({ path, message }) => `${name}: ${path.join('.') || '(all)'}: ${message}`),
  );
}

function readProviders({ BULKHEAD_PROVIDERS_FILE: path }: ProviderSettings): Provider[] {
  if (path === undefined) return [];
  const content = readJson(path) as { providers?: unknown } | null;
  const parsed = z
    .array(providerSchema.refine(hasDefault, 'defaultEnvironment names none of the environments'))
    .safeParse(content?.providers ?? content);
  if (parsed.success) return parsed.data;
  throw new EnvError(
    parsed.error.issues.map(
      (issue) => `BULKHEAD_PROVIDERS_FILE: ${issue.path.join('.') || '(file)'}: ${issue.message}`,
    ),
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A SyntaxError's message quotes the file, which may hold a client secret.
    const reason =
      error instanceof SyntaxError ? 'is no JSON' : `cannot be read (${(error as { code?: string }).code})`;
    throw new EnvError([`BULKHEAD_PROVIDERS_FILE: ${path} ${reason}`]);
  }
}

function hasDefault({ environments, defaultEnvironment }: Provider): boolean {
  return Object.hasOwn(environments, defaultEnvironment);
}
