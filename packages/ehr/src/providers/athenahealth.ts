import { EnvError, validate } from '@bulkhead/base';
import type { z } from 'zod';
import type { RateLimit } from '../rate-limiter/index.ts';
import { defaultScheduleSchema, type providerSchema } from './provider.ts';

/**
 * The default of the integration guide: 8 requests a second, at most 16 in 2 s and 100,000 a day. athenahealth publishes no numbers. A client of another
 * author uses 15 a second and 50,000 a day in preview and 150 a second in production.
 */
export const athenahealthRateLimit: RateLimit = { limit: 16, windowMs: 2000, perDay: 100_000, guardMs: 150 };

/**
 * The limit of new tokens, in a sliding minute, which is stricter than athenahealth's rule. A cold start does not wait for a minute,
 * because tokens are stored in MongoDB and survive the loss of Redis.
 */
function tokensPerMinute(limit: number): RateLimit {
  return { limit, windowMs: 60_000, perDay: limit * 24 * 60, guardMs: 150, coldStart: 'go' };
}

/** What its CapabilityStatement of 2026-08-14 declares of patients' records. A statement that can be read goes before it. */
const declaredTypes = (
  'AllergyIntolerance Appointment Binary CarePlan CareTeam Condition Coverage Device DiagnosticReport DocumentReference Encounter ' +
  'FamilyMemberHistory Goal Immunization Location Media Medication MedicationDispense MedicationRequest Observation Organization Patient ' +
  'Practitioner Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson ServiceRequest Specimen'
).split(' ');

/** The environment variables of the integration guide, and our own. */
export interface ProviderSettings {
  readonly ATHENAHEALTH_CLIENT_ID?: string | undefined;
  readonly ATHENAHEALTH_CLIENT_SECRET?: string | undefined;
  readonly ATHENAHEALTH_REDIRECT_URI?: string | undefined;
  readonly ATHENAHEALTH_FHIR_ENDPOINT?: string | undefined;
  /** JSON: `{ cron, timeZone, kind }`. */
  readonly ATHENAHEALTH_DEFAULT_SCHEDULE?: string | undefined;
  /** The path of a JSON file that contains an array of providers, or an object with `providers`. */
  readonly BULKHEAD_PROVIDERS_FILE?: string | undefined;
  /** The same as JSON. It is applied after the file. */
  readonly BULKHEAD_PROVIDERS?: string | undefined;
}

/**
 * Creates the registry entry of athenahealth. It runs 2 exports for each practice in preview and 5 in production, and answers others with
 * 429 "Too many active exports" (clients of other authors, read on 2026-11-29). Nothing is known of the sandbox.
 */
export function athenahealth(settings: ProviderSettings): z.input<typeof providerSchema> {
  const production = settings.ATHENAHEALTH_FHIR_ENDPOINT ?? 'https://api.platform.athenahealth.com/fhir/r4';
  return {
    id: 'athenahealth',
    name: 'athenahealth',
    environments: {
      production: { fhirEndpoint: production, tokenRateLimit: tokensPerMinute(50), maxActiveExports: 5 },
      // athenahealth publishes no limit for the sandbox, so the lower one is used.
      sandbox: {
        fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4/sandbox',
        tokenRateLimit: tokensPerMinute(5),
      },
      preview: {
        fhirEndpoint: 'https://api.preview.platform.athenahealth.com/fhir/r4',
        tokenRateLimit: tokensPerMinute(5),
        maxActiveExports: 2,
      },
    },
    defaultEnvironment: 'production',
    defaultScope: 'system/*.read',
    scopeTypes: declaredTypes,
    authorizationScope: 'launch/patient patient/*.read',
    practiceOfPatient: '^a-(\\d+)\\.',
    groupIdTemplate: 'a-1.C-{practiceId}',
    // Three versions of its official guide write it so, and one page and two production clients as above (read on 2026-12-01).
    otherGroupIdTemplate: 'a-1.c-{practiceId}',
    rateLimit: athenahealthRateLimit,
    limitCountsBy: 'client',
    search: {
      parameters: { 'ah-practice': 'Organization/a-1.Practice-{practiceId}' },
      // athenahealth requires `intent` with `patient`, so we list all values (https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
      parametersByType: {
        MedicationRequest: {
          intent: 'proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option',
        },
      },
      notByPatient: {
        Appointment:
          'athenahealth searches appointments by `_id` or by a named query only (its documentation, and its CapabilityStatement of 2026-08-14)',
      },
    },
    // The page is cut off after Practitioner, so it says nothing about later names.
    notExported: {
      Appointment: "athenahealth's published list of exported types has no Appointment (read on 2026-11-29)",
    },
    defaultSchedule: readDefaultSchedule(settings),
    clientId: settings.ATHENAHEALTH_CLIENT_ID,
    clientSecret: settings.ATHENAHEALTH_CLIENT_SECRET,
    redirectUri: settings.ATHENAHEALTH_REDIRECT_URI,
  };
}

function readDefaultSchedule({ ATHENAHEALTH_DEFAULT_SCHEDULE: text }: ProviderSettings) {
  if (text === undefined) return undefined;
  const name = 'ATHENAHEALTH_DEFAULT_SCHEDULE';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new EnvError([
      `${name}: is not valid JSON. Set it to a value such as {"cron":"0 2 * * *","timeZone":"America/New_York","kind":"sync"}.`,
    ]);
  }
  const result = validate(defaultScheduleSchema, content);
  if (result.isValid) return result.data;
  throw new EnvError(result.faults.map(({ path, message }) => `${name}: ${path || '(all)'}: ${message}`));
}
