import { defineErrors } from '@bulkhead/base';

export const sdkError = defineErrors({
  'unknown-endpoint': {
    title: 'The endpoint belongs to another connection',
    advice: 'Pass the FHIR endpoint of the connection unchanged.',
    message:
      'The endpoint does not belong to the connection of the access token. Pass `connection.fhirEndpoint` unchanged.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof sdkError.table, true> {}
}
