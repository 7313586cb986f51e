import type { EhrHttp } from '../http/ehr-http.ts';
import { type AuthorizationServer, type DiscoveryRequest, discoverServer } from './authorization-server.ts';

export interface AuthorizationServerSource {
  find(request: DiscoveryRequest): Promise<AuthorizationServer>;
  /** Asks anew the next time. */
  forget(fhirEndpoint: string): void;
}

/** Endpoints move with releases of the EHR, announced for months; a token lives an hour, and so does what was discovered. */
const maxAgeMs = 60 * 60_000;

/** A failure is remembered for a moment: anyone can cause a launch, and an EHR that is down must not be asked for each of them. */
const failureMaxAgeMs = 10_000;

/** Each FHIR endpoint is asked once an hour and process, however many connections it has. */
export function createAuthorizationServerSource({ http }: { readonly http: EhrHttp }): AuthorizationServerSource {
  const found = new Map<string, { readonly server: Promise<AuthorizationServer>; readonly until: number }>();
  return {
    find(request) {
      const { fhirEndpoint } = request.connection;
      const known = found.get(fhirEndpoint);
      if (known && performance.now() < known.until) return known.server;
      // Others wait for the same answer, so it does not end with the one that asked.
      const server = discoverServer({ http, request: { ...request, signal: undefined } });
      const entry = { server, until: performance.now() + maxAgeMs };
      found.set(fhirEndpoint, entry);
      server.catch(() => {
        entry.until = performance.now() + failureMaxAgeMs;
      });
      return server;
    },
    forget: (fhirEndpoint) => {
      found.delete(fhirEndpoint);
    },
  };
}
