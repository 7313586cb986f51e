import { defineErrors } from '@bulkhead/base';

export const providerError = defineErrors({
  'unknown-provider': {
    title: 'Unknown EHR vendor',
    advice: 'Choose a vendor that is in the provider registry.',
    status: 404,
    help: 'Verify the URL or the id.',
    examples: [{ message: 'The provider is unknown. Use one of these: athenahealth.' }],
  },
  'signing-key-unusable': {
    title: 'The private key cannot be used',
    advice: 'Check the private key, and edit the credentials of the connection.',
    help: 'The private key of the connection, or one that is imported, cannot sign. The message describes the fault.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof providerError.table, true> {}
}
