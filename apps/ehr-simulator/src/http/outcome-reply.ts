import type { OutcomeError } from './outcome-error.ts';
import type { Reply } from './reply.ts';

/** An OperationOutcome. athenahealth puts its text into `details` and says little in `diagnostics`. */
export function outcomeReply({ status, code, message, headers }: Omit<OutcomeError, 'name'>): Reply {
  const issue = [{ severity: 'error', code, details: { text: message }, diagnostics: message }];
  return {
    status,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    document: { resourceType: 'OperationOutcome', issue },
  };
}
