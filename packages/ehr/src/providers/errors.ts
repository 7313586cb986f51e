import { defineErrors } from '@bulkhead/base';

export const providerError = defineErrors({
  'unknown-provider': {
    title: 'Unknown EHR vendor',
    advice: 'Choose a vendor that is in the provider registry.',
    status: 404,
    help: 'Verify the URL or the id.',
    examples: [{ message: 'The provider is unknown. Use one of these: athenahealth.' }],
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof providerError.table, true> {}
}
