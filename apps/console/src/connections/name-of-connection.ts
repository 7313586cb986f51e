import type { components } from '@bulkhead/client';

type Named = Pick<components['schemas']['Connection'], 'practiceId' | 'fhirEndpoint' | 'environment'>;

/** What people call a connection: its practice, or the server where there are no practices. */
export function nameOfConnection({ practiceId, fhirEndpoint, environment }: Named): string {
  return `${practiceId === undefined ? new URL(fhirEndpoint).host : `Practice ${practiceId}`} (${environment})`;
}
