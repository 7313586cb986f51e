import { defineFault } from '../define-fault.ts';

/** Every access token issued so far is expired when this request arrives. */
export const expireTokensFault = defineFault({
  kind: 'expire-tokens',
  fields: {},
  create: () => ({
    before: async ({ simulator }) => {
      simulator.tokens.expireAll();
      return undefined;
    },
  }),
});
