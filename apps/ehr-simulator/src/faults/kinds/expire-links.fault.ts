import { defineFault } from '../define-fault.ts';

/** Every file link given out so far is expired when this request arrives; the manifest has fresh ones. */
export const expireLinksFault = defineFault({
  kind: 'expire-links',
  fields: {},
  create: () => ({
    before: async ({ simulator }) => {
      simulator.links.expireAll();
      return undefined;
    },
  }),
});
