import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { includesOf, readInclude } from './include-paths.ts';

/**
 * The search parameters of type reference in https://hl7.org/fhir/R4/search-parameters.json (CC0), for the types that have includes: their
 * paths, and the types that they can lead to.
 */
const published = JSON.parse(
  readFileSync(new URL('./reference-parameters.fixture.json', import.meta.url), 'utf8'),
) as Readonly<
  Record<string, Readonly<Record<string, { readonly paths: readonly string[]; readonly targets: readonly string[] }>>>
>;

test.each(Object.keys(published))(
  'the includes of %s are those that R4 defines, with their paths and targets',
  (type) => {
    const parameters = published[type] ?? {};
    expect(includesOf(type).toSorted()).toEqual(
      Object.keys(parameters)
        .map((name) => `${type}:${name}`)
        .toSorted(),
    );
    for (const [name, { paths, targets }] of Object.entries(parameters)) {
      const include = readInclude(`${type}:${name}`);
      expect({ name, paths: include?.paths.map((path) => path.join('.')).toSorted() }).toEqual({ name, paths });
      // Without a target, an include leads to whatever the element refers to.
      const ofElement = Object.values(parameters).filter((other) => other.paths.join() === paths.join());
      const isLimited = ofElement.some((other) => other.targets.length > targets.length);
      const expected =
        targets.length === 1 && (isLimited || include?.targetType !== undefined) ? targets[0] : undefined;
      expect({ name, targetType: include?.targetType }).toEqual({ name, targetType: expected });
    }
  },
);
