import { BlockList, isIP } from 'node:net';

/**
 * Addresses that are never asked, whatever is configured: cloud metadata services and link-local neighbours, "this host",
 * multicast and reserved ranges, and IPv6 forms that hide an IPv4 address (https://www.iana.org/assignments/iana-ipv4-special-registry
 * and its sibling for IPv6).
 */
const never = blockList({
  ipv4: ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ipv6: ['fe80::/10', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32', 'fd00:ec2::/32'],
});

/** Addresses of one's own machine and network: asked only where the operator says so. */
const own = blockList({
  ipv4: [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
  ],
  ipv6: ['::1/128', 'fc00::/7', 'fec0::/10'],
});
/** `::` and `::a.b.c.d`, which the list above must not claim from `::1`. */
const ipv4Compatible = blockList({ ipv4: [], ipv6: ['::/96'] });

export type AddressKind = 'public' | 'own' | 'never';

/** @param address an IPv4 or IPv6 address, without brackets; anything else is `never`. */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0) return 'never';
  const type = family === 4 ? 'ipv4' : 'ipv6';
  // An IPv4-mapped address (`::ffff:a.b.c.d`) is checked as the IPv4 address that it is.
  if (never.check(address, type)) return 'never';
  if (own.check(address, type)) return 'own';
  return type === 'ipv6' && ipv4Compatible.check(address, type) ? 'never' : 'public';
}

function blockList(ranges: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }): BlockList {
  const list = new BlockList();
  for (const type of ['ipv4', 'ipv6'] as const) {
    for (const range of ranges[type]) {
      const [network = '', bits] = range.split('/');
      list.addSubnet(network, Number(bits), type);
    }
  }
  return list;
}
