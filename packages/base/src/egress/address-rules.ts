import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AddressKind = 'public' | 'private' | 'never';

/** Ranges of the operator's own machine and network, as `ipaddr.js` names them. */
const privateRanges: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);

/** Cloud metadata services outside of the link-local ranges. They give credentials to every caller, so no setting allows them. */
const metadataAddresses: ReadonlySet<string> = new Set([
  '168.63.129.16', // Azure
  '100.100.100.200', // Alibaba Cloud
  '192.0.0.192', // Oracle Cloud
  'fd20:ce::254', // Google Cloud
  'fd00:42::42', // Scaleway
]);

/** The services of AWS: `::254` for machines, `::23` for the pods of a cluster, and others. No EHR can be there. */
const awsServices = ipaddr.IPv6.parseCIDR('fd00:ec2::/32');

/** All addresses that are assigned to the public so far (https://www.iana.org/assignments/ipv6-address-space). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * The kind of network of an address. `ipaddr.js` knows IANA's special-purpose registries
 * (https://www.iana.org/assignments/iana-ipv4-special-registry and the one for IPv6). Addresses that are neither public nor in the
 * operator's network are never requested: link-local and metadata services, multicast, reserved ranges, and IPv6 forms that hide an
 * IPv4 address.
 * @param address an IPv4 or IPv6 address without brackets. Any other text is `never`.
 */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  // A zone (`fe80::1%eth0`) can only be part of a link-local address.
  if (family === 0 || address.includes('%')) return 'never';
  // `ipaddr.js` reads `::a.b.c.d` as an IPv4-mapped address, so IPv6 is written in hexadecimal groups first.
  const canonical = family === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
  // An IPv4-mapped address (`::ffff:a.b.c.d`) is checked as an IPv4 address.
  const parsed = ipaddr.process(canonical);
  if (metadataAddresses.has(parsed.toString())) return 'never';
  if (parsed instanceof ipaddr.IPv6 && parsed.match(awsServices)) return 'never';
  const range = parsed.range();
  if (privateRanges.has(range)) return 'private';
  if (range !== 'unicast') return 'never';
  return parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast) ? 'never' : 'public';
}

/**
 * Why a URL must not be called, as far as the URL itself says it. A name is checked when DNS has resolved it.
 * @param options.privateNetwork whether http, and addresses of the operator's own network, may be called
 */
export function urlFault(url: URL, { privateNetwork }: { readonly privateNetwork: boolean }): string | undefined {
  const { protocol, username, password } = url;
  if (username !== '' || password !== '') return 'the URL contains a user name';
  if (protocol !== 'https:' && !(protocol === 'http:' && privateNetwork)) return 'it is not https';
  const host = hostOf(url);
  return isIP(host) === 0 ? undefined : addressFault(host, { privateNetwork });
}

export function addressFault(address: string, options: { readonly privateNetwork: boolean }): string | undefined {
  const kind = addressKind(address);
  if (kind === 'public' || (kind === 'private' && options.privateNetwork)) return undefined;
  return kind === 'private' ? 'the address belongs to a private network' : 'no EHR can have this address';
}

/** A URL has an IPv6 address in brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
