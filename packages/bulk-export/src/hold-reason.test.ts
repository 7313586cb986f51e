import { describe, expect, test } from '@jest/globals';
import { type HoldReason, holdReasons, isPartial } from './hold-reason.ts';

const choices: readonly HoldReason[] = ['type-filter', 'not-granted', 'not-offered', 'gap'];
const allReasons = Object.keys(holdReasons) as HoldReason[];

describe('an export', () => {
  test.each(allReasons.map((reason) => ({ reason, partial: !choices.includes(reason) })))(
    'that holds a watermark for $reason is partial: $partial',
    ({ reason, partial }) => {
      expect(isPartial([{ resourceType: 'Patient', reasons: [reason] }])).toBe(partial);
    },
  );

  test('is partial if one of its types is, for one of its reasons', () => {
    const whole = { resourceType: 'Goal', reasons: [] };
    const partial = { resourceType: 'Patient', reasons: ['gap', 'files-failed'] as const };
    expect(isPartial([whole, partial])).toBe(true);
    expect(isPartial([whole])).toBe(false);
    expect(isPartial([])).toBe(false);
  });
});
