import choiceTypePaths from 'fhirpath/fhir-context/r4/choiceTypePaths.json' with { type: 'json' };
import path2Type from 'fhirpath/fhir-context/r4/path2Type.json' with { type: 'json' };
import pathsDefinedElsewhere from 'fhirpath/fhir-context/r4/pathsDefinedElsewhere.json' with { type: 'json' };
import type2Parent from 'fhirpath/fhir-context/r4/type2Parent.json' with { type: 'json' };

/*
 * The elements of FHIR R4, from the model of the `fhirpath` package. A place is a type, such as `HumanName`, or an element whose parts
 * are defined where it is, such as `Patient.contact`.
 */

type Table<Value> = Readonly<Record<string, Value | undefined>>;
const types = path2Type as Table<string | { readonly code: string }>;
const elsewhere = pathsDefinedElsewhere as Table<string>;
const parents = type2Parent as Table<string>;
const choices = choiceTypePaths as Table<readonly string[]>;

/** Any resource can be here, so any element can. */
const anyResource = ['Resource', 'DomainResource'];
/** Types whose parts are defined at the element. */
const inPlace = ['BackboneElement', 'Element'];

const elements = new Map<string, Map<string, readonly string[]>>();
for (const [path, type] of Object.entries(types)) {
  const [parent, name] = splitPath(path);
  elementsBelow(parent).set(name, [placeOf(path, typeof type === 'object' ? type.code : (type ?? ''))]);
}
for (const [path, place] of Object.entries(elsewhere)) {
  const [parent, name] = splitPath(path);
  elementsBelow(parent).set(name, [place ?? path]);
}
for (const [path, choice] of Object.entries(choices)) {
  const [parent, name] = splitPath(path);
  const below = elementsBelow(parent);
  below.set(
    name,
    (choice ?? []).flatMap((type) => below.get(name + type) ?? []),
  );
}

function splitPath(path: string): [string, string] {
  const end = path.lastIndexOf('.');
  return [path.slice(0, end), path.slice(end + 1)];
}

function elementsBelow(place: string): Map<string, readonly string[]> {
  const below = elements.get(place) ?? new Map<string, readonly string[]>();
  elements.set(place, below);
  return below;
}

function placeOf(path: string, type: string): string {
  return inPlace.includes(type) ? path : type.replace('System.String', 'string');
}

/** Whether any element can be at a place. */
export function canBeAnything(place: string): boolean {
  return anyResource.includes(place);
}

/** @returns the places that an element leads to, several if it has a choice of types. Undefined: R4 does not have it */
export function placesOf(place: string, name: string): readonly string[] | undefined {
  // JSON has the extensions of a primitive beside it.
  if (name.startsWith('_')) return placesOf(place, name.slice(1)) && ['Element'];
  for (let type: string | undefined = place; type !== undefined; type = parents[type]) {
    const found = elements.get(type)?.get(name);
    if (found) return found;
  }
  return undefined;
}

/** The names of all elements at a place. */
export function elementNames(place: string): string[] {
  const names: string[] = [];
  for (let type: string | undefined = place; type !== undefined; type = parents[type])
    names.push(...(elements.get(type)?.keys() ?? []));
  return names;
}
