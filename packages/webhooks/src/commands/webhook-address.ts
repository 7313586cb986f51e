import { invalidRequest } from '@bulkhead/base';
import { hostOf, urlFault } from '@bulkhead/base/egress';

export type WebhookAddresses = ReturnType<typeof createWebhookAddresses>;

/**
 * Refuses an address that the workers would refuse to call. A name that only DNS shows to be private is refused by the worker.
 * @param options.callsPrivateNetwork what the running workers allow. Undefined if none is running, because then nothing is known
 */
export function createWebhookAddresses(options: { readonly callsPrivateNetwork: () => Promise<boolean | undefined> }) {
  return {
    /** @param place.path the field of the request. @throws AppError `invalid-request` */
    async check({ path, url }: { readonly path: string; readonly url: string }): Promise<void> {
      const privateNetwork = (await options.callsPrivateNetwork()) ?? true;
      const fault = faultOf(new URL(url), privateNetwork);
      if (fault === undefined) return;
      const remedy = privateNetwork
        ? ''
        : ' To allow http and private addresses, set WORKER_WEBHOOK_PRIVATE_NETWORK=true for the workers.';
      const message = `must be a public https URL, because the workers call no other one: ${fault}.${remedy}`;
      throw invalidRequest([{ path, message }]);
    },
  };
}

/** `localhost` and the names below it are this host (RFC 6761). */
const thisHost = /^(?:.+[.])?localhost[.]?$/;

function faultOf(url: URL, privateNetwork: boolean): string | undefined {
  const isThisHost = thisHost.test(hostOf(url));
  return urlFault(url, { privateNetwork }) ?? (isThisHost && !privateNetwork ? 'it is this host' : undefined);
}
