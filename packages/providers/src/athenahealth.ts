import type { RateLimit } from '@bulkhead/rate-limiter';
import { EnvError } from '@bulkhead/runtime';
import { defaultScheduleSchema, type Provider, providerSchema } from './provider.ts';

/** The guide's limits: 8 requests a second, up to 16 in 2 s, 100,000 a day. */
export const athenahealthRateLimit: RateLimit = { limit: 16, windowMs: 2000, perDay: 100_000, guardMs: 150 };

/**
 * athenahealth's rule for new tokens, as a sliding minute, which is stricter than its own. Tokens outlive a loss of Redis (they are in
 * MongoDB), so a cold start does not wait for a minute.
 */
function tokensPerMinute(limit: number): RateLimit {
  return { limit, windowMs: 60_000, perDay: limit * 24 * 60, guardMs: 150, coldStart: 'go' };
}

/** The variables that the guide names for athenahealth, and ours. */
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

/** The registry's entry for athenahealth. */
export function athenahealth(settings: ProviderSettings): Provider {
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
