import { expect, test } from '@jest/globals';
import type { ValidationFault } from '../server/read-with-client.ts';
import { knownFaults } from './known-faults.ts';

const idsOf = (fault: Pick<ValidationFault, 'severity' | 'location' | 'message'>) =>
  knownFaults.filter(({ explains }) => explains({ request: 'GET /', ...fault })).map(({ id }) => id);

test("a warning about Bulkhead's own error codes is accepted, and other faults of an OperationOutcome are not", () => {
  const location = 'OperationOutcome.issue[0].details';
  const message = "CodeSystem is unknown and can't be validated: urn:bulkhead:error for 'urn:bulkhead:error#a'";
  expect(idsOf({ severity: 'WARNING', location, message })).toEqual(['own-error-codes']);
  expect(idsOf({ severity: 'ERROR', location, message })).toEqual([]);
  expect(idsOf({ severity: 'WARNING', location: 'OperationOutcome.issue[0].code', message })).toEqual([]);
  expect(idsOf({ severity: 'WARNING', location, message: message.replaceAll('bulkhead', 'other') })).toEqual([]);
});
