import type { ValidationFault } from '../server/read-with-client.ts';

export interface KnownFault {
  readonly id: string;
  readonly reason: string;
  readonly explains: (fault: ValidationFault) => boolean;
}

/** All accepted errors and warnings of HAPI's validator, each with its reason. */
export const knownFaults: readonly KnownFault[] = [
  {
    id: 'own-error-codes',
    reason: 'The validator does not know the codes of Bulkhead. R4 allows any system in the details of an issue.',
    explains: ({ severity, location, message }) =>
      severity === 'WARNING' &&
      /^OperationOutcome\.issue\[\d+\]\.details$/.test(location ?? '') &&
      message.startsWith("CodeSystem is unknown and can't be validated: urn:bulkhead:error for "),
  },
  {
    id: 'no-authorize-url',
    reason:
      'The extension oauth-uris requires the URL of an authorization page, which backend clients do not use, so there is none. The published ' +
      'test suite for bulk data servers (BDT) requires the extension with a token URL.',
    explains: ({ location, message }) =>
      location === 'CapabilityStatement.rest[0].security.extension[0]' &&
      message.startsWith("Slice 'Extension.extension:authorize': a matching slice is required, but not found"),
  },
];
