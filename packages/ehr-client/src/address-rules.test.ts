import { describe, expect, test } from '@jest/globals';
import { addressKind } from './address-rules.ts';

describe('addressKind', () => {
  test.each([
    ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.167.1.1', '100.63.0.1', '2606:4700::1111'].map((address) => ({
      address,
      kind: 'public',
    })),
    ...[
      '127.0.0.1',
      '127.255.1.2',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
      '100.64.0.1',
      '::1',
      'fd12::1',
      'fc00::1',
    ].map((address) => ({ address, kind: 'own' })),
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1'].map((address) => ({ address, kind: 'own' })),
    ...[
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '0.0.0.0',
      '0.1.2.3',
      '224.0.0.1',
      '255.255.255.255',
    ].map((address) => ({ address, kind: 'never' })),
    ...[
      'fe80::1',
      'ff02::1',
      '::',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::',
      'fd00:ec2::254',
    ].map((address) => ({
      address,
      kind: 'never',
    })),
    ...['localhost', '', '127.1', '0x7f000001', '[::1]'].map((address) => ({ address, kind: 'never' })),
  ])('$address is $kind', ({ address, kind }) => {
    expect(addressKind(address)).toBe(kind);
  });
});
