import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutDepthInSteps } from './cut-depth.ts';
import { runSteps } from './steps.ts';

const cut = (text: string, maxDepth: number) => runSteps(cutDepthInSteps(Buffer.from(text), maxDepth)).toString();

test.each([
  ['{"a":[1,{"b":2}],"c":"[{\\"["}', 2, '{"a":[1,null],"c":"[{\\"["}'],
  ['{"a":[1,{"b":2}],"c":"[{\\"["}', 1, '{"a":null,"c":"[{\\"["}'],
  ['{"a":[1,{"b":2}]}', 3, '{"a":[1,{"b":2}]}'],
  [`[${'['.repeat(100_000)}${']'.repeat(100_000)},1]`, 1, '[null,1]'],
])('%s has null below level %d', (text, maxDepth, expected) => {
  expect(cut(text, maxDepth)).toBe(expected);
});

test('a text that is cut equals the value without what is deeper', () => {
  const without = (value: unknown, levels: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) return null;
    const ofChild = (child: unknown) => without(child, levels - 1);
    if (Array.isArray(value)) return value.map(ofChild);
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, ofChild(child)]));
  };
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(6), fc.boolean(), (value, levels, isSpaced) => {
      const text = JSON.stringify(value, null, isSpaced ? 2 : 0);
      expect(JSON.parse(cut(text, levels))).toEqual(without(JSON.parse(text), levels));
    }),
  );
});
