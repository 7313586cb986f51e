import { type Fault, validate } from '@bulkhead/base';
import { scopeVersions } from '@bulkhead/fhir';
import { exportLevels } from '@bulkhead/fhir/bulk-server';
import { z } from 'zod';
import type { Clock } from './clock.ts';

/** The options that are read at every request and can therefore change at run time. */
const originSchema = z.url().transform((url) => url.replace(/\/+$/, ''));

const changeableShape = {
  /** The base of all links, if clients do not reach the simulator by `host` and `port`. */
  publicUrl: originSchema.optional(),
  /** The base of the OAuth endpoints, for a vendor whose tokens come from another host. The default is that of all links. */
  oauthUrl: originSchema.optional(),
  /** The minimum run time of an export. */
  exportSeconds: z.number().min(0).default(1.5),
  /** The Retry-After of a running export. athenahealth does not publish its values; 1 keeps a demonstration short. */
  retryAfterSeconds: z.int().min(0).default(1),
  resourcesPerFile: z.int().min(1).default(100_000),
  requiresAccessToken: z.boolean().default(true),
  /** Serves the files from a second origin (another port), like a vendor with a file store. */
  separateFileHost: z.boolean().default(false),
  /** Answers 429 to a kick-off while this many exports run, as athenahealth does for each practice. No limit if not set. */
  maxActiveExports: z.int().min(1).optional(),
  exportLevels: z.array(z.enum(exportLevels)).default([...exportLevels]),
  /** The types that REST can search and read. All types if not set, none if empty. */
  restTypes: z.array(z.string()).optional(),
  /** Whether a type can be searched without a patient. athenahealth refuses this. */
  practiceWideSearch: z.boolean().default(false),
  /** The URL of the client's keys for `private_key_jwt`. */
  jwksUrl: z.url().optional(),
  /** How long the keys of `jwksUrl` are cached. SMART allows servers to cache them for the client's `max-age`. */
  jwksCacheSeconds: z.number().min(0).default(300),
  /** Answers 403 to requests that the scopes of the token do not cover. */
  enforceScopes: z.boolean().default(false),
  /**
   * The version of scopes for which the application is registered. A token request of the other one is refused as athenahealth does. Both
   * are accepted if not set.
   */
  scopeVersion: z.enum(scopeVersions).optional(),
  /** Whether an application without a user may request a wildcard, such as `system/*.rs`. Every real client lists its types. */
  wildcardScopes: z.boolean().default(true),
  /** `authorize` shows a page on which a user allows or denies, instead of approving automatically. */
  asksUser: z.boolean().default(false),
  /** athenahealth's tokens are valid for one hour. */
  tokenSeconds: z.number().min(0).default(3600),
  /** athenahealth issues 50 tokens a minute in production and 5 in preview, then answers 429 until the minute ends. */
  tokensPerMinute: z.int().min(1).default(50),
  /** Answers 429 to requests above the limits. Violations are recorded in any case. */
  rateLimit: z.boolean().default(false),
};

/** Settings that only an order changes: refusals and expiries that a client must survive. */
const orderedShape = {
  /** File links do not expire if this is not set. */
  fileExpirySeconds: z.number().min(0).optional(),
  /** The answer to an expired link. Object stores answer 403, FHIR servers 410. */
  expiredFileStatus: z.union([z.literal(403), z.literal(410)]).default(410),
  /**
   * Answers 429 to a kick-off while an export runs, or with `until-deleted` until the client deletes the last export.
   */
  oneExportAtATime: z.union([z.boolean(), z.literal('until-deleted')]).default(false),
  /** Kick-off parameters that are refused with a 400 that names them, for example `['_since']`. */
  unsupportedParameters: z.array(z.string()).default([]),
  /**
   * The types for whose scopes the application is registered. A request of another scope is refused. A new application at athenahealth has none.
   * All types if not set.
   */
  registeredTypes: z.array(z.string()).optional(),
  /** Whether a token request gets those of its scopes that the application has. By default it is refused if one is missing, as by Okta. */
  grantsPart: z.boolean().default(false),
  /** Whether a token request of an application without a user must have no scope, as at Epic. Its response has none either. */
  refusesScope: z.boolean().default(false),
  /** Whether the token of a kick-off must cover each exported type, as at athenahealth. Without `_type` that is every type. */
  exportsWithinScopes: z.boolean().default(true),
  /** Whether the token of a kick-off must list the exported types and Group, and no others, as at Oracle. */
  exactScopes: z.boolean().default(false),
  /** Whether the practice has granted the application access. If not, tokens are issued and every request with one is refused with 403. */
  practiceGrants: z.boolean().default(true),
  /** What no page says of athenahealth, and a probe measures. */
  /** The id of the only Group. Default: that of athenahealth. */
  groupId: z.string().optional(),
  /**
   * The ids of the patients in the Group. All patients if not set. `_since` counts for all of them alike, so that an export of changes has no older
   * data of a new member (FHIR Bulk Data, "Query Parameters", leaves that to the server).
   */
  groupMembers: z.array(z.string()).optional(),
  /** Exports no other Groups than those that clients make, and how these name their patients. No client can make one if not set. */
  madeGroups: z.enum(['member', 'patientIds']).optional(),
  /** The operation that exports a Group. A payer has that of Da Vinci, which demands `exportType`. */
  groupOperation: z.enum(['export', 'davinci-data-export']).default('export'),
  groupCase: z.enum(['C', 'c']).default('C'),
  /** Which forms of several types are refused with a 400. */
  refusedTypeForms: z.array(z.enum(['list', 'repeated'])).default([]),
  /** Whether a kick-off by POST is refused with 405. */
  refusesPost: z.boolean().default(false),
  refusesLenient: z.boolean().default(false),
  /** Whether a search with `ah-practice` of a type that does not declare it is refused. */
  refusesUndeclared: z.boolean().default(false),
  /** Kick-off parameters that are accepted and leave out nothing, for example `['patient']`. */
  ignoredParameters: z.array(z.string()).default([]),
  /** Whether `_typeFilter=Patient?_id=` is more than accepted. */
  appliesIdFilter: z.boolean().default(false),
  /** The origin of the links of an export, which need the token: another one of the EHR, or a name that only the EHR itself can resolve. */
  linksAt: z.enum(['endpoint', 'other-origin', 'internal-name']).default('endpoint'),
  deleteStatus: z.union([z.literal(200), z.literal(202), z.literal(204)]).default(202),
  maxPageSize: z.int().min(1).default(100),
  /** That of athenahealth. */
  defaultPageSize: z.int().min(1).default(20),
  /** Whether a second request for a file is refused. */
  linksWorkOnce: z.boolean().default(false),
  /** Answers 406 to a wrong Accept header on status and file requests. Kick-off headers are always enforced. */
  strictAccept: z.boolean().default(false),
};

/** Every option with its default. The process reads some of them from SIMULATOR_ variables (`env.ts`). */
export const simulatorOptionsSchema = z.strictObject({
  /** 0 takes any free port, so that several simulators fit in one process. The process defaults to 8080. */
  port: z.int().min(0).max(65_535).default(0),
  host: z.string().default('127.0.0.1'),
  /** Returned by `/health`, so that the process that starts a simulator can verify that this one answers. */
  instanceId: z.string().min(1).max(100).optional(),
  /** The number of patients in the generated practice. Each has about 30 resources. */
  patients: z.int().min(0).default(200),
  seed: z.int().default(1),
  /**
   * Whether the generated documents have relative URLs of attachments. The specification requires absolute ones, but a client must read
   * both. Reports have absolute URLs in any case.
   */
  relativeAttachmentUrls: z.boolean().default(true),
  practiceId: z.string().regex(/^\d+$/).default('195900'),
  /** A folder of `Type.ndjson(.gz)` files to serve instead of the generated practice. */
  dataDir: z.string().optional(),
  auth: z.boolean().default(true),
  clientId: z.string().default('simulator-client'),
  clientSecret: z.string().default('simulator-secret'),
  /** The keys themselves, instead of their URL. */
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).optional(),
  /** The redirect URIs that `authorize` accepts. Any URI if empty. */
  redirectUris: z.array(z.string()).default([]),
  /** From the integration guide: "up to 16 requests in 2 seconds". */
  rateWindowRequests: z.int().min(1).default(16),
  rateWindowMs: z.number().min(1).default(2000),
  /** From the integration guide: "100,000 requests/day", measured over a rolling day. */
  requestsPerDay: z.int().min(1).default(100_000),
  /** How many requests and violations are kept in detail. The counts include all of them. */
  recordedRequests: z.int().min(1).default(10_000),
  ...changeableShape,
});

const settingsShape = { ...changeableShape, ...orderedShape };
const wholeSchema = z.strictObject({ ...simulatorOptionsSchema.shape, ...settingsShape });

/** The options of a simulator, with the settings that orders change. */
export type SimulatorOptions = z.output<typeof wholeSchema>;

/** @throws ZodError if the options are invalid. */
export function withSettings(options: z.input<typeof simulatorOptionsSchema>): SimulatorOptions {
  return wholeSchema.parse(simulatorOptionsSchema.parse(options));
}

/** The input of `createEhrSimulator`: any of the options, and a clock for tests. */
export type EhrSimulatorOptions = z.input<typeof simulatorOptionsSchema> & { readonly clock?: Clock };

/** Returns one line for each fault, for the author of a request to `/_sim`. */
export function describeFaults(faults: readonly Fault[]): string {
  return faults.map(({ path, message }) => `${path || '(body)'}: ${message}`).join('\n');
}

/** Changes the settings of a running simulator. It modifies the object that all parts read. */
export class RuntimeOptions {
  readonly #options: SimulatorOptions;
  readonly #initial: SimulatorOptions;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#initial = { ...options };
  }

  /**
   * null restores the default of an option.
   * @throws Error that names the options that are invalid or cannot change.
   */
  change(patch: Readonly<Record<string, unknown>>): void {
    const fixed = Object.keys(patch).filter((name) => !Object.hasOwn(settingsShape, name));
    if (fixed.length > 0)
      throw new Error(`These options cannot be changed while the simulator is running: ${fixed.join(', ')}.`);
    const changed = Object.entries({ ...this.#options, ...patch }).filter(([, value]) => value !== null);
    const result = validate(wholeSchema, Object.fromEntries(changed));
    if (!result.isValid) throw new Error(describeFaults(result.faults));
    this.#assign(result.data);
  }

  /** Restores the options of the start. */
  reset(): void {
    this.#assign(this.#initial);
  }

  #assign(options: SimulatorOptions): void {
    // A setting without a default is absent unless it is set.
    for (const name of Object.keys(settingsShape)) Reflect.deleteProperty(this.#options, name);
    Object.assign(this.#options, options);
  }
}
