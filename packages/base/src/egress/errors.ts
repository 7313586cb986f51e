import { defineErrors } from '../runtime/index.ts';

export const egressError = defineErrors({
  'egress-refused': {
    title: 'The URL is not allowed',
    advice: 'If the URL is correct, allow its host in the registry entry of the provider.',
    help: 'The EHR returned a URL that is not allowed: it has another host or port, is on a private network, or does not use https. The message shows the host and the reason. If the URL is correct, allow it in the registry entry of the provider.',
  },
});

declare module '../runtime/index.ts' {
  interface ErrorCodes extends Record<keyof typeof egressError.table, true> {}
}
