import type { Capabilities, Connection, ConnectionAuth, ConnectionTest, Provider } from '@bulkhead/providers';
import { connectionAuthSchema } from './connection.schema.ts';

/** A connection without its secrets. */
export function toConnectionView(connection: Connection) {
  const {
    auth,
    createdAt,
    capabilities: _capabilities,
    credentialsVersion: _version,
    lastTest,
    ...fields
  } = connection;
  return {
    ...fields,
    auth: toReadableAuth(auth),
    createdAt: createdAt.toISOString(),
    ...(lastTest ? { lastTest: toTestView(lastTest) } : {}),
  };
}

export function toTestView({ id: _id, endedAt, ...test }: ConnectionTest) {
  return { ...test, endedAt: endedAt.toISOString() };
}

function toReadableAuth(auth: ConnectionAuth) {
  if (auth.method === 'none') return auth;
  if (auth.method === 'private_key_jwt') {
    const { signingKey, ...readable } = auth;
    return signingKey ? { ...readable, kid: signingKey.kid } : readable;
  }
  const { clientSecret: _secret, ...readable } = auth;
  return readable;
}

/** The guide's "Get Capabilities" answer. */
export function toCapabilitiesView(options: { readonly capabilities: Capabilities; readonly provider: Provider }) {
  const { capabilities, provider } = options;
  const offers = (type: string) => capabilities.resourceTypes.includes(type);
  return {
    bulkExport: capabilities.exportLevels.length > 0,
    diagnosticReports: offers('DiagnosticReport'),
    carePlans: offers('CarePlan'),
    encounters: offers('Encounter'),
    appointments: offers('Appointment'),
    documentReferences: offers('DocumentReference'),
    rateLimit: describeRate(provider.rateLimit),
  };
}

function describeRate(rateLimit: Provider['rateLimit']): string {
  if (!rateLimit) return 'none';
  return `${Math.round((rateLimit.limit / rateLimit.windowMs) * 100_000) / 100} requests/second`;
}

const methods = connectionAuthSchema.options.map(({ shape }) => shape.method.value);

/** What somebody who adds a connection can choose among; nothing of a client's secret. */
export function toProviderView(provider: Provider) {
  const { id, name, environments, defaultEnvironment, groupIdTemplate, clientId, redirectUri, defaultSchedule } =
    provider;
  return {
    id,
    name,
    environments: Object.keys(environments),
    defaultEnvironment,
    /** Used where a connection names none. */
    fhirEndpoints: Object.fromEntries(
      Object.entries(environments).map(([environment, { fhirEndpoint }]) => [environment, fhirEndpoint]),
    ),
    // Without an address to come back to no user can be sent to the EHR.
    authMethods: methods.filter((method) => method !== 'authorization_code' || redirectUri !== undefined),
    /** The deployment has a client of its own, so a connection can leave its id and secret out. */
    hasClient: clientId !== undefined,
    /** Its bulk exports are of a Group that is named after the practice. */
    usesPracticeId: groupIdTemplate !== undefined,
    ...(defaultSchedule ? { defaultSchedule } : {}),
  };
}
