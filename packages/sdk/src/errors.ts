import { defineErrors } from '@bulkhead/runtime';

export const sdkError = defineErrors({
  'unknown-endpoint': {
    message:
      'The endpoint does not belong to the connection of the access token. Pass `connection.fhirEndpoint` unchanged.',
  },
  'no-answer': {
    retry: 'later',
    help: 'In the client package, the SDK and the command line: the API did not answer. Verify its URL and the network, and that it is running.',
  },
  'unknown-token': { message: 'The access token is not from getConnection. Pass `connection.accessToken` unchanged.' },
  'export-cancelled': { message: 'The export was cancelled. Start a new one.' },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof sdkError.table, true> {}
}
