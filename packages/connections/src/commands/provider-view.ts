import type { Provider } from '@bulkhead/providers';
import { connectionAuthSchema } from './connection.schema.ts';

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
