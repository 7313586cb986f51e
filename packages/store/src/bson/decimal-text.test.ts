import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { decimalBytes } from './decimal-text.ts';

const { Decimal128 } = mongoose.mongo;
const digits = fc.stringMatching(/^\d{1,20}$/);
const texts = fc
  .record({ sign: fc.constantFrom('', '-'), whole: fc.constantFrom('0', '7', '12', '98765'), fraction: digits })
  .map(({ sign, whole, fraction }) => `${sign}${whole}.${fraction}`);

test('decimalBytes makes the bytes that the driver makes, of each text that it accepts', () => {
  let accepted = 0;
  const hasSameBytes = (text: string) => {
    const bytes = decimalBytes(text);
    if (!bytes) return;
    accepted++;
    const decimal = Decimal128.fromString(text);
    expect([text, Buffer.from(bytes)]).toEqual([text, Buffer.from(decimal.bytes)]);
    expect(decimal.toString()).toBe(text);
  };
  for (const text of ['1.50', '0.00', '-0', '-0.0', '0.000001', '0.0000010', '999999999999999', '1000000000000.00'])
    hasSameBytes(text);
  fc.assert(fc.property(texts, hasSameBytes));
  expect(accepted).toBeGreaterThan(20);
});

test.each(['1e2', '0.00000001', '1234567890123456', '.5', '', 'x'])('decimalBytes leaves %j to the driver', (text) => {
  expect(decimalBytes(text)).toBeUndefined();
});
