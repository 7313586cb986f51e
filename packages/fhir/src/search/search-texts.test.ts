import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../resources/resource.ts';
import { extractSearchKeys, searchedElementsOf } from './search-keys.ts';
import { foldText, textCondition } from './search-texts.ts';

const patient = (name: unknown): Resource => ({ resourceType: 'Patient', id: 'p', name });

/** What the conditions of a search find, as the database evaluates them. */
function isFound(resource: Resource, keys: readonly string[], text: string): boolean {
  const { tokens: stored = [], texts = [] } = extractSearchKeys(resource);
  const { tokens, ranges } = textCondition([{ keys, prefix: foldText(text) }]);
  const isInRange =
    ranges.length === 0 || texts.some((each) => ranges.some(({ from, below }) => each >= from && each < below));
  return tokens.some((token) => stored.includes(token)) && isInRange;
}

test('the parts of a name are keys in upper case and without accents, and their beginnings are tokens', () => {
  expect(
    extractSearchKeys(patient([{ family: 'Müller', given: ['Zoë', 'Li'], prefix: ['Dr.'], text: ' Zoë   Müller' }])),
  ).toEqual({
    patient: 'p',
    texts: ['family=MULLER', 'given=ZOE', 'given=LI', 'name=ZOE MULLER', 'name=DR.'],
    tokens: [
      ...['family^M', 'family^MU', 'family^MUL', 'family^MULL', 'family^MULLE', 'family^MULLER'],
      ...['given^Z', 'given^ZO', 'given^ZOE', 'given^L', 'given^LI'],
      ...['name^Z', 'name^ZO', 'name^ZOE', 'name^ZOE ', 'name^ZOE M', 'name^ZOE MU', 'name^ZOE MUL', 'name^ZOE MULL'],
      ...['name^ZOE MULLE', 'name^ZOE MULLER', 'name^D', 'name^DR', 'name^DR.'],
    ],
  });
});

test.each([
  { name: 'Müller', text: 'mul', isExpected: true },
  { name: 'Müller', text: 'MÜLLER', isExpected: true },
  { name: 'Muller', text: 'müll', isExpected: true },
  { name: 'Müller', text: 'muller-', isExpected: false },
  { name: 'Müller', text: 'uller', isExpected: false },
  { name: 'Weiß', text: 'weiss', isExpected: true },
  { name: 'Σίσυφος', text: 'σισυφοσ', isExpected: true },
  { name: 'ﬁscher', text: 'Fi', isExpected: true },
  { name: '李', text: '李', isExpected: true },
  { name: '👩🏽', text: '👩', isExpected: true },
  { name: 'Li', text: 'lim', isExpected: false },
  { name: 'Lim', text: 'li', isExpected: true },
])('the name $name is found by $text: $isExpected', ({ name, text, isExpected }) => {
  expect(isFound(patient([{ family: name }]), ['family'], text)).toBe(isExpected);
  expect(isFound(patient([{ family: name }]), ['name', 'family', 'given'], text)).toBe(isExpected);
  expect(isFound(patient([{ given: [name] }]), ['family'], text)).toBe(false);
});

test('a name is found by each of its beginnings, and by no text that is not one', () => {
  const letters = fc.string({
    unit: fc.constantFrom('a', 'B', 'é', 'ß', ' ', '-', '李', '😀', 'e\u0301'),
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(letters, letters, (name, text) => {
      const [folded, prefix] = [foldText(name), foldText(text)];
      fc.pre(folded !== '' && prefix !== '');
      expect(isFound(patient([{ family: name }]), ['family'], text)).toBe(folded.startsWith(prefix));
    }),
  );
});

test('a beginning of up to twelve letters is one token, so that no other name with its first letters is read', () => {
  for (const length of [1, 5, 7, 12]) {
    const prefix = 'SMITHERSMITH'.slice(0, length);
    expect(textCondition([{ keys: ['family'], prefix }])).toEqual({ tokens: [`family^${prefix}`], ranges: [] });
  }
});

test('the keys of a name with the most parts, or with the longest one, are bounded', () => {
  const many = extractSearchKeys(patient([{ given: Array.from({ length: 10_000 }, (_, index) => `n${index}`) }]));
  expect([many.texts?.length, (many.tokens?.length ?? 0) <= 600]).toEqual([50, true]);
  const long = extractSearchKeys(patient([{ family: `${'ﷺ'.repeat(1_000_000)}` }]));
  expect([long.texts?.[0]?.length, long.tokens?.length]).toEqual(['family='.length + 100, 12]);
});

test.each([undefined, null, 'x', 7, {}, [null, 7, { family: 7, given: 'A', text: [] }]])(
  'the malformed name %j is skipped',
  (name) => {
    expect(extractSearchKeys(patient(name)).texts ?? []).toEqual(Array.isArray(name) ? ['given=A'] : []);
  },
);

test('places are found by their names, aliases and addresses', () => {
  const address = { line: ['1 Main St'], city: 'Boston', postalCode: '02115' };
  const place = { resourceType: 'Location', id: 'l', name: 'Clinic', alias: ['Praxis'], address } as const;
  const { texts } = extractSearchKeys(place);
  expect(texts).toEqual(['name=CLINIC', 'name=PRAXIS', 'address=1 MAIN ST', 'address=BOSTON', 'address=02115']);
  expect(extractSearchKeys({ ...place, resourceType: 'Organization', address: [address] }).texts).toEqual(texts);
});

test('the elements of names are read before a resource is parsed whole', () => {
  for (const element of ['name', 'identifier', 'gender', 'birthDate'])
    expect(searchedElementsOf('Patient')).toContain(element);
  for (const element of ['name', 'alias', 'address', 'identifier'])
    expect(searchedElementsOf('Organization')).toContain(element);
  expect(searchedElementsOf('Observation')).not.toContain('name');
});
