import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AddressKind = 'public' | 'own' | 'never';

/** Ranges of the operator's own machine and network, by their names in `ipaddr.js`. */
const ownRanges: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);

/** Metadata services of clouds outside of the link-local ranges. They give credentials to every caller, so no setting allows them. */
const metadataAddresses: ReadonlySet<string> = new Set([
  '168.63.129.16', // Azure
  '100.100.100.200', // Alibaba Cloud
  '192.0.0.192', // Oracle Cloud
  'fd00:ec2::254', // AWS
  'fd20:ce::254', // Google Cloud
  'fd00:42::42', // Scaleway
]);

/** All that is given out to the public so far (https://www.iana.org/assignments/ipv6-address-space). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Which kind of network an address is in. `ipaddr.js` knows IANA's special-purpose registries
 * (https://www.iana.org/assignments/iana-ipv4-special-registry and its sibling for IPv6). What is neither public nor in the
 * operator's network is never requested: link-local and metadata services, multicast, reserved ranges, and IPv6 forms
 * that hide an IPv4 address.
 * @param address an IPv4 or IPv6 address, without brackets; anything else is `never`
 */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  // A zone (`fe80::1%eth0`) is only ever part of a link-local address.
  if (family === 0 || address.includes('%')) return 'never';
  // `ipaddr.js` reads `::a.b.c.d` as an IPv4-mapped address, so IPv6 is written in hexadecimal groups first.
  const canonical = family === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
  // An IPv4-mapped address (`::ffff:a.b.c.d`) is checked as the IPv4 address that it is.
  const parsed = ipaddr.process(canonical);
  if (metadataAddresses.has(parsed.toString())) return 'never';
  const range = parsed.range();
  if (ownRanges.has(range)) return 'own';
  if (range !== 'unicast') return 'never';
  return parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast) ? 'never' : 'public';
}
