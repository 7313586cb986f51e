import { invalidRequest } from '@bulkhead/base';
import { hostOf, urlFault } from '@bulkhead/base/egress';
import type { ConnectionStore } from '@bulkhead/connections';
import { z } from 'zod';

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

export const callbackUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2000)
  // Zod runs refinements even if the value is not a URL.
  .refine(
    (url) => !URL.canParse(url) || !/^[^/?#]*\/\/[^/?#]*@/.test(new URL(url).href),
    'must not contain a user name',
  );

/**
 * Checks that workers can call the address, and that the connection has a secret, which signs the call.
 * @throws AppError `invalid-request`
 */
export async function checkCallback(options: {
  readonly store: Pick<ConnectionStore, 'connections'>;
  readonly addresses: WebhookAddresses;
  readonly connectionId: string;
  readonly callbackUrl?: string | undefined;
}): Promise<void> {
  const { store, addresses, connectionId, callbackUrl } = options;
  if (callbackUrl === undefined) return;
  await addresses.check({ path: 'callbackUrl', url: callbackUrl });
  if ((await store.connections.findWebhookSecret(connectionId)) !== undefined) return;
  const message =
    'requires a webhook secret, which signs the call: create one with PUT /api/ehr/connections/{id}/webhook';
  throw invalidRequest([{ path: 'callbackUrl', message }]);
}
