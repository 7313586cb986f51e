import { type EhrSession, resourceAnswer } from '@bulkhead/ehr';

/** Reads the first patient of the simulator with a session's token, without retries. */
export function readPatient(session: EhrSession): Promise<{ readonly status: number }> {
  return session.send({
    method: 'GET',
    url: `${session.connection.fhirEndpoint}/Patient/a-195900.E-1`,
    headers: { accept: 'application/fhir+json' },
    priority: 'crawl',
    answer: resourceAnswer,
    retries: 0,
    sendToken: true,
  });
}
