import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

const folder = join(import.meta.dirname, '..', '..', 'docker', 'kubernetes');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

interface IpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}
interface Peer {
  readonly podSelector?: { readonly matchLabels?: object };
  readonly namespaceSelector?: { readonly matchLabels?: object };
  readonly ipBlock?: IpBlock;
}
interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly podSelector: { readonly matchLabels: object };
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly object[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly object[] }[];
  };
}
const policies = parseAllDocuments(read('base/network.yaml')).map((document) => document.toJS() as Policy);
const egress = policies.flatMap(({ spec }) => spec.egress ?? []);
const ingress = policies.flatMap(({ spec }) => spec.ingress ?? []);

function contains({ cidr, except = [] }: IpBlock, address: string): boolean {
  const toList = (ranges: readonly string[]) => {
    const list = new BlockList();
    for (const range of ranges) {
      const [net = '', bits = ''] = range.split('/');
      list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
    }
    return list;
  };
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return toList([cidr]).check(address, family) && !toList(except).check(address, family);
}

test('every network policy names its namespaces, pods or addresses and its ports', () => {
  const rules = [
    ...egress.map(({ to, ports }) => ({ peers: to, ports })),
    ...ingress.map(({ from, ports }) => ({ peers: from, ports })),
  ];
  expect(rules.length).toBeGreaterThan(4);
  for (const { peers = [], ports = [] } of rules) {
    expect(peers.length).toBeGreaterThan(0);
    expect(ports.length).toBeGreaterThan(0);
    for (const { namespaceSelector, podSelector, ipBlock } of peers)
      expect(ipBlock ?? Object.keys((namespaceSelector ?? podSelector)?.matchLabels ?? {})).not.toEqual([]);
  }
});

test('no network policy lets a process reach a metadata service, a private network or this host', () => {
  const blocks = egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
  const reaches = (address: string) => blocks.some((block) => contains(block, address));
  // Azure, Alibaba Cloud, Oracle Cloud, AWS, Google Cloud, Scaleway: the list of
  // packages/base/src/egress/address-rules.ts.
  const metadataAddresses = [
    ...['168.63.129.16', '100.100.100.200', '192.0.0.192'],
    ...['fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42'],
  ];
  const refused = [
    '169.254.169.254',
    '10.1.2.3',
    '172.20.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
  ];
  expect([...metadataAddresses, ...refused].filter(reaches)).toEqual([]);
  expect(['8.8.8.8', '203.0.114.1', '2606:4700::1111'].filter(reaches)).toHaveLength(3);
});

test('the network policies let only workers reach public addresses', () => {
  const allowed = policies.filter(({ spec }) => spec.egress?.some(({ to = [] }) => to.some(({ ipBlock }) => ipBlock)));
  expect(allowed.map(({ spec }) => spec.podSelector.matchLabels)).toEqual([
    { 'app.kubernetes.io/component': 'worker' },
  ]);
});

test('the namespace of the example enforces the restricted Pod Security Standard', () => {
  const { kind, metadata } = parse(read('overlays/example/namespace.yaml'));
  expect([kind, metadata.labels['pod-security.kubernetes.io/enforce']]).toEqual(['Namespace', 'restricted']);
  const overlay = parse(read('overlays/example/kustomization.yaml'));
  expect(overlay.resources).toContain('namespace.yaml');
  expect(overlay.namespace).toBe(metadata.name);
});
