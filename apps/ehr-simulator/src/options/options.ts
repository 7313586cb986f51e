import { z } from 'zod';
import type { Clock } from './clock.ts';

export const exportLevels = ['system', 'patient', 'group'] as const;
export type ExportLevel = (typeof exportLevels)[number];

/** Every option with its default; the process reads the same ones from SIMULATOR_ variables (`env.ts`). */
export const simulatorOptionsSchema = z.strictObject({
  /** 0: any free port, so that several simulators fit in one process. The process defaults to 8080 instead. */
  port: z.int().min(0).max(65_535).default(0),
  host: z.string().default('127.0.0.1'),
  /** How clients reach it, where that is not by `host` and `port`: what its links begin with. */
  publicUrl: z
    .url()
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** In the answer of `/health`, so that whoever started the process knows that this one answers. */
  instanceId: z.string().min(1).max(100).optional(),
  /** How many patients the generated practice has; everything else scales with them (about 30 resources each). */
  patients: z.int().min(0).default(200),
  seed: z.int().default(1),
  practiceId: z.string().regex(/^\d+$/).default('195900'),
  /** A folder of `Type.ndjson(.gz)` files to serve instead of the generated practice. */
  dataDir: z.string().optional(),
  /** How long an export runs before its manifest is there. */
  exportSeconds: z.number().min(0).default(1.5),
  /** The Retry-After of a running export; athenahealth's own values are not published, 1 keeps a demonstration short. */
  retryAfterSeconds: z.int().min(0).default(1),
  resourcesPerFile: z.int().min(1).default(100_000),
  requiresAccessToken: z.boolean().default(true),
  /** Serves the files from a second origin (another port), as a vendor with a file store does. */
  separateFileHost: z.boolean().default(false),
  /** Unset: file links do not expire. */
  fileExpirySeconds: z.number().min(0).optional(),
  /** What an expired link answers; object stores say 403, FHIR servers 410. */
  expiredFileStatus: z.union([z.literal(403), z.literal(410)]).default(410),
  /** 429 at kick-off while an export runs, or with `until-deleted` until the client has sent DELETE for the last one. */
  oneExportAtATime: z.union([z.boolean(), z.literal('until-deleted')]).default(false),
  exportLevels: z.array(z.enum(exportLevels)).default([...exportLevels]),
  /** Kick-off parameters that are refused with a 400 naming them, for example `['_since']`. */
  unsupportedParameters: z.array(z.string()).default([]),
  /** The types that can be searched and read over REST. Unset: all. Empty: a server of bulk exports alone. */
  restTypes: z.array(z.string()).optional(),
  /** What a search of patients can bring with it, for example `['Observation:patient']`; athenahealth declares nothing. */
  patientRevIncludes: z.array(z.string().regex(/^[A-Z][A-Za-z]+:patient$/)).default([]),
  /** How many resources a page includes at most; the others are left out without a word, as many servers do. Unset: all. */
  revIncludeLimit: z.int().min(1).optional(),
  auth: z.boolean().default(true),
  clientId: z.string().default('simulator-client'),
  clientSecret: z.string().default('simulator-secret'),
  /** Where the client publishes the keys of `private_key_jwt`. */
  jwksUrl: z.url().optional(),
  /** Its keys themselves, instead of the address. */
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).optional(),
  /** How long keys of `jwksUrl` are kept; SMART lets servers keep them as long as the client's `max-age` says. */
  jwksCacheSeconds: z.number().min(0).default(300),
  /** Answers 403 to what the scopes of the token do not cover. */
  enforceScopes: z.boolean().default(false),
  /** Authorize shows a page on which a user allows or denies, instead of agreeing by itself. */
  asksUser: z.boolean().default(false),
  /** Redirect URIs that authorize accepts; empty: any. */
  redirectUris: z.array(z.string()).default([]),
  /** athenahealth's tokens live an hour. */
  tokenSeconds: z.number().min(0).default(3600),
  /** athenahealth issues 50 tokens a minute in production, 5 in preview, then answers 429 to the end of the minute. */
  tokensPerMinute: z.int().min(1).default(50),
  /** Answers 429 to a breach of the limits; breaches are recorded in any case. */
  rateLimit: z.boolean().default(false),
  /** The integration guide: "up to 16 requests in 2 seconds". */
  rateWindowRequests: z.int().min(1).default(16),
  rateWindowMs: z.number().min(1).default(2000),
  /** The integration guide: "100,000 requests/day", judged over a rolling day. */
  requestsPerDay: z.int().min(1).default(100_000),
  /** Answers with what a wrong Accept on status and file requests deserves (406); kick-off headers are always enforced. */
  strictAccept: z.boolean().default(false),
  /** How many requests and violations are kept in detail; counts are kept of all. */
  recordedRequests: z.int().min(1).default(10_000),
});

export type SimulatorOptions = z.output<typeof simulatorOptionsSchema>;

/** What `createEhrSimulator` takes: any of the options, and a clock for tests. */
export type EhrSimulatorOptions = z.input<typeof simulatorOptionsSchema> & { readonly clock?: Clock };

/** The options that are looked at for every request, and so can change while the simulator runs. */
const changeable = [
  'exportSeconds',
  'retryAfterSeconds',
  'resourcesPerFile',
  'requiresAccessToken',
  'separateFileHost',
  'fileExpirySeconds',
  'expiredFileStatus',
  'oneExportAtATime',
  'exportLevels',
  'unsupportedParameters',
  'restTypes',
  'patientRevIncludes',
  'revIncludeLimit',
  'jwksUrl',
  'jwksCacheSeconds',
  'enforceScopes',
  'asksUser',
  'tokenSeconds',
  'tokensPerMinute',
  'rateLimit',
  'strictAccept',
] as const satisfies readonly (keyof SimulatorOptions)[];

/** Changes the options of a running simulator, in the very object that all its parts read. */
export class RuntimeOptions {
  private readonly options: SimulatorOptions;
  private readonly initial: SimulatorOptions;

  constructor(options: SimulatorOptions) {
    this.options = options;
    this.initial = { ...options };
  }

  values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(changeable.map((name) => [name, this.options[name] ?? null]));
  }

  /** null gives an option its default again. @throws Error that says which options cannot be changed or are wrong. */
  change(patch: Readonly<Record<string, unknown>>): void {
    const names: readonly string[] = changeable;
    const fixed = Object.keys(patch).filter((name) => !names.includes(name));
    if (fixed.length > 0) throw new Error(`Not to be changed while it runs: ${fixed.join(', ')}.`);
    const given = Object.entries({ ...this.options, ...patch }).filter(([, value]) => value !== null);
    const checked = simulatorOptionsSchema.safeParse(Object.fromEntries(given));
    if (!checked.success) throw new Error(z.prettifyError(checked.error));
    this.assign(checked.data);
  }

  /** As it was at the start. */
  reset(): void {
    this.assign(this.initial);
  }

  private assign(options: SimulatorOptions): void {
    Object.assign(
      this.options,
      { fileExpirySeconds: undefined, jwksUrl: undefined, revIncludeLimit: undefined, restTypes: undefined },
      options,
    );
  }
}
