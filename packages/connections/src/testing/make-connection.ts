import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection.record.ts';

/** Makes a connection to athenahealth without credentials. Its name is its id. */
export function makeConnection(change: Partial<Connection> = {}): Connection {
  const { id = `conn_${randomUUID()}` } = change;
  return {
    id,
    name: id,
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint: 'http://ehr.example/fhir/r4',
    auth: { method: 'none' },
    createdAt: new Date('2024-01-15T10:00:00Z'),
    ...change,
  };
}
