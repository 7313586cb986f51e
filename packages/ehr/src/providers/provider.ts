import { cronFault, isTimeZone } from '@bulkhead/base/cron';
import { declaredParameters, isResourceType, scopeFault, scopeVersions } from '@bulkhead/fhir';
import { z } from 'zod';
import { factsSchema } from './facts/facts.ts';
import { hostPatternFault, originSchema } from './host-pattern.ts';

/** `sync` is an enhanced sync with the REST API. `export` is a bulk export of the changes since the last one. */
export const scheduleKinds = ['export', 'sync'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];

const rateLimitSchema = z.strictObject({
  limit: z.int().min(1).max(10_000),
  windowMs: z.int().min(10).max(3_600_000),
  perDay: z.int().min(1),
  guardMs: z.int().min(0).max(5000).default(150),
  coldStart: z.enum(['wait', 'go']).optional(),
});

const endpointSchema = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

function describePattern({ input }: { readonly input?: unknown }): string | undefined {
  return hostPatternFault(String(input));
}

/** A host of a private network can have any name. */
function isNoWidePattern(pattern: string): boolean {
  return !pattern.includes('*') || hostPatternFault(pattern) === undefined;
}

const hostsSchema = z.array(z.string().min(1).refine(isNoWidePattern, { error: describePattern }));

const environmentSchema = z.strictObject({
  /** The limit of this environment instead of that of the provider. */
  rateLimit: rateLimitSchema.optional(),
  fhirEndpoint: endpointSchema.transform(withoutTrailingSlashes),
  /** For servers whose `.well-known/smart-configuration` and CapabilityStatement contain no endpoints. */
  tokenEndpoint: endpointSchema.optional(),
  authorizationEndpoint: endpointSchema.optional(),
  revocationEndpoint: endpointSchema.optional(),
  /** The limit of the token endpoint alone, per client id. The default is no limit. */
  tokenRateLimit: rateLimitSchema.optional(),
  /** How many exports the EHR runs at a time for one practice. The default is no limit. */
  maxActiveExports: z.int().min(1).max(1000).optional(),
  /** What a probe has measured here. */
  measured: z.strictObject({ measuredAt: z.iso.datetime(), version: z.string(), facts: factsSchema }).optional(),
});

/** The schedule of a new connection, unless its request contains `schedule: false`. */
export const defaultScheduleSchema = z.strictObject({
  cron: z.string().refine((cron) => cronFault(cron) === undefined, { error: ({ input }) => cronFault(String(input)) }),
  timeZone: z.string().refine(isTimeZone, 'is not a time zone of the IANA database, such as America/New_York'),
  kind: z.enum(scheduleKinds),
});

const parametersSchema = z.record(z.string(), z.string());

/** What the searches of a provider need in addition to FHIR. See docs/providers.md. */
const searchSchema = z.strictObject({
  /** Sent with every search. `{practiceId}` is replaced by the practice id of the connection. */
  parameters: parametersSchema.default({}),
  parametersByType: z.record(z.string(), parametersSchema).default({}),
  /** Types that cannot be searched by patient. A sync skips them and reports the given reason. */
  notByPatient: z.record(z.string(), z.string()).default({}),
  /**
   * The parameters of a search that returns every patient of the connection, such as `{}` or `{ "active": "true" }`. A sync of all
   * patients then does not need a bulk export before. The default is that patients cannot be listed.
   */
  patientList: parametersSchema.optional(),
  /**
   * The path below the FHIR endpoint that a connection test reads. `{practiceId}` is replaced. The default is a patient search that
   * matches no patient.
   */
  testRead: z.string().min(1).optional(),
  /** The value of `_count`. A server may return smaller pages. */
  pageSize: z.int().min(1).max(1000).default(100),
  /** How many ids an `_id` list contains. With 50 ids of 30 characters, a URL has less than 2,000 characters. */
  idsPerRequest: z.int().min(1).max(500).default(50),
});

export const providerSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,40}$/, 'must have only lower-case letters, digits and hyphens, and begin with a letter'),
  name: z.string().min(1),
  environments: z.record(z.string(), environmentSchema),
  defaultEnvironment: z.string(),
  /** An empty text means that token requests have no scope, as Epic wants it. */
  defaultScope: z.string().optional(),
  /**
   * The types of the scopes of an application (`scopeVersion` of a connection) while the EHR has no readable CapabilityStatement. The default are
   * those of the guide.
   */
  scopeTypes: z.array(z.string().refine(isResourceType, 'is not a resource type of FHIR R4')).min(1).optional(),
  /**
   * The tokens of an export have a scope for each of its types, in this version, and `extras`, such as `system/Group.rs`. Each worker requests
   * its own. The default is that exports use the token of their connection.
   */
  exportScopes: z
    .strictObject({
      version: z.enum(scopeVersions),
      extras: z
        .string()
        .refine((scope) => scopeFault({ scope, withUser: false }) === undefined, {
          error: ({ input }) => scopeFault({ scope: String(input), withUser: false }),
        })
        .optional(),
    })
    .optional(),
  /** The scope that a user is asked for. In an EHR launch, `launch` replaces `launch/patient`. */
  authorizationScope: z.string().optional(),
  /** A regular expression whose group captures the practice id from a patient id, because a launch does not name the practice. */
  practiceOfPatient: z.string().optional(),
  /** The id of the Group that contains all patients of a practice. `{practiceId}` is replaced. */
  groupIdTemplate: z.string().optional(),
  /** The other form of this id, which is tried once if the EHR does not have the first. */
  otherGroupIdTemplate: z.string().optional(),
  /** Types that exports perhaps do not contain, with what is known and when it was read. A note beside a request, never a refusal. */
  notExported: z.record(z.string(), z.string()).optional(),
  /** What the EHR demands of a kick-off. */
  kickOff: z
    .strictObject({
      /** The value of `_outputFormat`, for servers that refuse a kick-off without it. They usually say so, and then it is added. */
      outputFormat: z.string().min(1).max(100).optional(),
      /** Sends `_type` with every type that the EHR declares, if a request names none. It is added too if the EHR says that it is missing. */
      listsTypes: z.boolean().optional(),
      /** Optional parameters that the EHR supports, if its CapabilityStatement does not say so. */
      parameters: z.array(z.enum(declaredParameters)).optional(),
      /** The name of the operation that exports a Group. The default is `export`. */
      operation: z
        .string()
        .regex(/^[a-z][a-z-]{0,60}$/, 'must have only lower-case letters and hyphens')
        .optional(),
      /** Parameters that this operation demands with these values, such as `{ "exportType": "…" }`. */
      fixedParameters: parametersSchema.optional(),
      /** How long the EHR may take to answer a kick-off. Some answer when the whole export is written (OpenEMR). The default is 600. */
      answerSeconds: z.int().min(1).max(3600).optional(),
      /** How many patients the EHR accepts in one kick-off. The default is 1000. An export of more is made in parts. */
      patientsPerRequest: z.int().min(1).max(10_000).optional(),
      /**
       * The EHR exports no listed patients, but Groups that its clients make. An export of listed patients then makes one, and deletes it at its end.
       * How the Group names its patients: by `member` (FHIR), or by `patientIds` (NextGen Office).
       */
      madeGroups: z.enum(['member', 'patientIds']).optional(),
    })
    .optional(),
  /**
   * The EHR lists no deletions. What two complete exports of everything in a row do not contain is deleted here. It is so too for an export whose
   * `_since` the EHR has refused. The default is that deletions are only those that the EHR lists.
   */
  infersDeletions: z.boolean().optional(),
  /** The shortest and the longest wait between two status requests of an export. The default are the poll interval of the workers and 10 minutes. */
  poll: z
    .strictObject({
      minSeconds: z.number().min(1).max(3600).optional(),
      maxSeconds: z.number().min(1).max(86_400).optional(),
      /** Sends `Prefer: respond-async` with status requests too, for an EHR that refuses them without it. It is added too after a refusal. */
      sendsPrefer: z.boolean().optional(),
    })
    .refine(({ minSeconds = 0, maxSeconds = Number.POSITIVE_INFINITY }) => minSeconds <= maxSeconds, {
      error: 'minSeconds is more than maxSeconds',
    })
    .optional(),
  /** The EHR exports a Group once within this time after a kick-off, and refuses others. The default is that it does not. */
  kickOffWindow: z
    .strictObject({
      hours: z
        .number()
        .positive()
        // An export that waits longer than it may take is a mistake in the file.
        .max(48),
    })
    .optional(),
  /** The default is no limit. */
  rateLimit: rateLimitSchema.optional(),
  /**
   * What the limit, and a pause that the EHR asks for, is counted by: the client id in an environment, as at athenahealth; the FHIR endpoint, for
   * vendors with a server for each hospital; or the practice. The default is `client` if the provider has a `rateLimit`, else `server`.
   */
  limitCountsBy: z.enum(['client', 'server', 'practice']).optional(),
  search: searchSchema.optional(),
  /** The server is on the operator's own network and may use plain http. See docs/providers.md. */
  privateNetwork: z.boolean().optional(),
  /** Hosts of OAuth endpoints, in addition to those of the endpoints. Credentials go there. `*.example.org` matches all subdomains. */
  oauthHosts: hostsSchema.optional(),
  /** Hosts of files and attachments, in addition to all others of the provider. The default is any public host. */
  fileHosts: hostsSchema.optional(),
  /**
   * The hosts of further FHIR endpoints that a connection can name, for a vendor with an endpoint for each hospital. `*.ehr.example` matches
   * all hosts below it. Only https at the usual port, and credentials go to the host of the connection alone.
   */
  endpointHosts: z
    .array(z.string().refine((pattern) => hostPatternFault(pattern) === undefined, { error: describePattern }))
    .optional(),
  /** Where the vendor publishes the FHIR endpoints of its customers, as FHIR resources. The command line reads it. */
  endpointList: z.url({ protocol: /^https$/, error: 'must be an https:// URL' }).optional(),
  /**
   * Ports for files and attachments, in addition to 443 and those of the endpoints. The default is none, or any port on a private
   * network.
   */
  ports: z.array(z.int().min(1).max(65_535)).optional(),
  /** Further origins of the EHR, which get the access token: those of exports, of pages and of files that need it. */
  origins: z.array(originSchema).optional(),
  /** Origins by which the EHR calls its own FHIR endpoint, such as an internal name. Their links are requested at the FHIR endpoint. */
  aliases: z.array(originSchema).optional(),
  defaultSchedule: defaultScheduleSchema.optional(),
  /** The default for connections without their own: the guide's ATHENAHEALTH_CLIENT_ID and _SECRET. */
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  /** The guide's ATHENAHEALTH_REDIRECT_URI. */
  redirectUri: z.url().optional(),
});
export type Provider = z.output<typeof providerSchema>;

/** All endpoints in the registry entry of a provider. */
export function endpointsOf({ environments }: Pick<Provider, 'environments'>): readonly string[] {
  return Object.values(environments)
    .flatMap(({ fhirEndpoint, tokenEndpoint, authorizationEndpoint, revocationEndpoint }) => [
      fhirEndpoint,
      tokenEndpoint,
      authorizationEndpoint,
      revocationEndpoint,
    ])
    .filter((endpoint) => endpoint !== undefined);
}

/** The endpoints at which a user authorizes a connection, from the discovery document of the EHR. */
export interface AuthorizationEndpoints {
  readonly authorizationEndpoint: string;
  readonly issuer?: string;
  /** The authorization response contains the issuer (RFC 9207). */
  readonly namesIssuer: boolean;
}

/** Normalizes a base URL to compare and store it. Appended paths begin with a slash. */
export function withoutTrailingSlashes(url: string): string {
  // The lookbehind makes the expression try each run of slashes only once, so the time is linear.
  return url.replace(/(?<!\/)\/+$/, '');
}

/** The ids of the Group of all patients of a practice, in each form that the provider knows, the usual one first. */
export function practiceGroups(provider: Provider, practiceId: string | undefined): readonly string[] {
  if (practiceId === undefined || provider.groupIdTemplate === undefined) return [];
  const templates = [provider.groupIdTemplate, provider.otherGroupIdTemplate ?? []].flat();
  return templates.map((template) => template.replace('{practiceId}', practiceId));
}
