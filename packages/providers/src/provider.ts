import { cronFault, isTimeZone } from '@bulkhead/runtime';
import { z } from 'zod';
import { scheduleKinds } from './schedule-kinds.ts';
import { withoutTrailingSlashes } from './without-trailing-slashes.ts';

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
export const defaultScheduleSchema = z.strictObject({
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

/** Every endpoint that the registry names for a provider. */
export function endpointsOf({ environments }: Pick<Provider, 'environments'>): readonly string[] {
  return Object.values(environments).flatMap((one) =>
    [one.fhirEndpoint, one.tokenEndpoint, one.authorizationEndpoint, one.revocationEndpoint].filter(
      (endpoint) => endpoint !== undefined,
    ),
  );
}
