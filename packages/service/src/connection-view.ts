import type { Capabilities, Connection } from '@bulkhead/domain';
import type { Provider } from '@bulkhead/ehr-client';

/** A connection without its secret. */
export function toConnectionView({ auth, createdAt, capabilities: _capabilities, ...fields }: Connection) {
  const { clientSecret: _secret, ...readable } = auth as { clientSecret?: string; method: string };
  return { ...fields, auth: readable, createdAt: createdAt.toISOString() };
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
