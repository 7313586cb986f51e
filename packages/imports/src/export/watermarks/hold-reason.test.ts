import { expect, test } from '@jest/globals';
import { type HoldReason, holdReasons, isPartial } from './watermark.record.ts';

const choices: readonly HoldReason[] = ['type-filter', 'not-granted', 'not-offered', 'gap'];
const allReasons = Object.keys(holdReasons) as HoldReason[];

test.each(allReasons.map((reason) => ({ reason, partial: !choices.includes(reason) })))(
  'an export that holds a watermark for $reason is partial: $partial',
  ({ reason, partial }) => {
    expect(isPartial([{ resourceType: 'Patient', reasons: [reason] }])).toBe(partial);
  },
);

test('an export is partial if one reason of one type makes it partial', () => {
  const whole = { resourceType: 'Goal', reasons: [] };
  const partial = { resourceType: 'Patient', reasons: ['gap', 'files-failed'] as const };
  expect(isPartial([whole, partial])).toBe(true);
  expect(isPartial([whole])).toBe(false);
  expect(isPartial([])).toBe(false);
});
