import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { includesOf, readInclude, readRevInclude, revIncludesOf } from './include-paths.ts';

interface Parameter {
  readonly name: string;
  readonly paths: readonly string[];
  readonly targets: readonly string[];
}

/**
 * The search parameters of type reference in https://hl7.org/fhir/R4/search-parameters.json (CC0), for the types that have includes: on each
 * line the type, the name, the paths, and the types that they can lead to.
 */
const lines = readFileSync(new URL('./reference-parameters.fixture.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const published = new Map<string, Parameter[]>();
for (const line of lines) {
  const [type = '', name = '', paths = '', targets = ''] = line.split(' ');
  published.set(type, [
    ...(published.get(type) ?? []),
    { name, paths: paths.split(','), targets: targets.split(',').filter(Boolean) },
  ]);
}

test.each([...published])(
  'the includes of %s are those that R4 defines, with their paths and targets',
  (type, parameters) => {
    expect(includesOf(type).toSorted()).toEqual(parameters.map(({ name }) => `${type}:${name}`).toSorted());
    for (const { name, paths, targets } of parameters) {
      const include = readInclude(`${type}:${name}`);
      expect({ name, paths: include?.paths.map((path) => path.join('.')).toSorted() }).toEqual({ name, paths });
      // Without a target, an include leads to whatever the element refers to.
      const ofElement = parameters.filter((other) => other.paths.join() === paths.join());
      const isLimited = ofElement.some((other) => other.targets.length > targets.length);
      const expected =
        targets.length === 1 && (isLimited || include?.targetType !== undefined) ? targets[0] : undefined;
      expect({ name, targetType: include?.targetType }).toEqual({ name, targetType: expected });
    }
  },
);

test('every _revinclude is one of R4, whose parameter can lead to the type of the matches', () => {
  expect(revIncludesOf('Observation')).toEqual(['Provenance:target']);
  const ofPatients = revIncludesOf('Patient');
  expect(ofPatients).toEqual(expect.arrayContaining(['Provenance:target', 'Observation:subject', 'Condition:patient']));
  for (const text of ofPatients) {
    const [type = '', name] = text.split(':');
    const targets = published.get(type)?.find((parameter) => parameter.name === name)?.targets ?? [];
    expect([text, targets.length === 0 || targets.includes('Patient')]).toEqual([text, true]);
    expect(readRevInclude(text, 'Patient')).toMatchObject({
      type,
      key: text === 'Provenance:target' ? 'target' : 'patient',
    });
  }
  for (const [text, type] of [
    ['Observation:encounter', 'Encounter'],
    ['Provenance:target:Patient', 'Observation'],
    ['Provenance:target:Observation:x', 'Observation'],
    ['Observation:patient', 'Observation'],
  ] as const)
    expect(readRevInclude(text, type)).toBeUndefined();
});
