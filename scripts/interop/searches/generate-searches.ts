import type { Random } from '../../random.ts';
import { dateNames, type ParameterName } from './compared-parameters.ts';

/** A parameter with one value. */
export interface SingleSearch {
  readonly name: ParameterName;
  readonly value: string;
}

/** A parameter with a list of values. A resource matches if one of them does. */
interface Alternatives {
  readonly name: ParameterName;
  readonly values: readonly string[];
}

export interface GeneratedSearches {
  readonly singles: readonly SingleSearch[];
  /** Combinations of the single searches: lists of alternatives, and two parameters that must both match. */
  readonly combined: readonly (readonly Alternatives[])[];
  /** By a patient and another reference, or without a token (`:not`): what Bulkhead answers together only. */
  readonly narrowed: readonly NarrowedSearch[];
}

export interface NarrowedSearch {
  readonly query: string;
  /** `Type/id` */
  readonly targets: readonly string[];
}

const datePrefixes = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const;
const datePattern = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/;
const wordPattern = /^[a-z][a-z-]{2,30}$/;
const maxAlternatives = 3;

/**
 * Draws searches for a type from values that occur in its resources: `perKind` of each kind, such as a date with a
 * prefix or a code with a system. The same random numbers draw the same searches.
 */
export function generateSearches(options: {
  readonly type: string;
  readonly resources: readonly object[];
  /** The names of the parameters that the server has for the type. */
  readonly offered: ReadonlySet<string>;
  /** The names of R4's parameters that Bulkhead has for the type. */
  readonly stated: ReadonlySet<string>;
  readonly perKind: number;
  readonly random: Random;
}): GeneratedSearches {
  const { type, resources, offered, stated, perKind, random } = options;
  const drawnSingles = kindsOf(type, resources)
    .filter(({ name }) => stated.has(name) && offered.has(name))
    .flatMap(({ name, values }) => {
      const drawn = random.shuffle([...new Set(values)]).slice(0, perKind);
      return drawn.map((value): SingleSearch => ({ name, value }));
    });
  // A value of an element of the type `code` can also be the code of a coding.
  const singles = [...new Map(drawnSingles.map((single) => [`${single.name}=${single.value}`, single])).values()];
  const alternatives = [...Map.groupBy(singles, ({ name }) => name)]
    .filter(([, ofName]) => ofName.length > 1)
    .map(([name, ofName]) => ({
      name,
      values: random.shuffle(ofName.map(({ value }) => value)).slice(0, maxAlternatives),
    }));
  const alone = ({ name, value }: SingleSearch): Alternatives => ({ name, values: [value] });
  const pairs = singles.map((single) => [alone(single), alone(random.pick(singles))]);
  const narrowed = referenceNames
    .filter((name) => ['patient', name].every((each) => stated.has(each) && offered.has(each)))
    .flatMap((name) => random.shuffle(narrowedBy(name, resources)).slice(0, perKind));
  const patients = singles.filter(({ name, value }) => name === 'patient' && value.startsWith('Patient/'));
  const negated = singles
    .filter(({ name }) => tokenNames.has(name))
    .flatMap(({ name, value }) =>
      patients.map(({ value: patient }) => ({
        query: `patient=${patient}&${name}:not=${encodeURIComponent(value)}`,
        targets: [patient],
      })),
    );
  const drawnNegated = random.shuffle(negated).slice(0, perKind);
  return {
    singles,
    combined: [...alternatives.map((search) => [search]), ...pairs],
    narrowed: [...narrowed, ...drawnNegated],
  };
}

/** Parameters that can have the modifier `:not`. */
const tokenNames: ReadonlySet<string> = new Set([
  ...['code', 'vaccine-code', 'service-type', 'category', 'status', 'clinical-status', 'lifecycle-status'],
  ...['identifier', 'gender', 'intent', 'type', 'specialty'],
]);

/** What most types refer to, and one that has several types of targets. */
const referenceNames = ['encounter', 'performer', 'requester', 'location', 'based-on', 'recorder', 'organization'];

/** Each patient of a resource with each other reference of it: some find the resource, the others nothing. */
function narrowedBy(name: string, resources: readonly object[]): NarrowedSearch[] {
  const pairs = resources.flatMap((resource) => {
    const references = textsIn(resource, '').filter(({ text }) => /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.test(text));
    const [patients, others] = [true, false].map((isPatient) =>
      references.filter(({ text }) => text.startsWith('Patient/') === isPatient),
    );
    return (patients ?? []).flatMap((patient) =>
      (others ?? []).map(({ text: target }) => ({
        query: `patient=${patient.text}&${name}=${target}`,
        targets: [patient.text, target],
      })),
    );
  });
  return [...new Map(pairs.map((pair) => [pair.query, pair])).values()];
}

/**
 * Collects the values of each kind. They are found by their form and not by the elements that Bulkhead reads, so that
 * an element that Bulkhead fails to read is covered, too.
 */
function kindsOf(type: string, resources: readonly object[]): Alternatives[] {
  const texts = resources.flatMap((resource) => textsIn(resource, ''));
  const valuesOf = (isWanted: (text: FoundText) => boolean) => texts.filter(isWanted).map(({ text }) => text);
  const identified = resources as readonly { readonly id: string; readonly meta?: { readonly lastUpdated?: string } }[];
  const ids = identified.map(({ id }) => id);
  const instants = identified.flatMap(({ meta }) => meta?.lastUpdated ?? []);
  const references = valuesOf(({ text }) => /^Patient\/[A-Za-z0-9.-]+$/.test(text));
  const patients = type === 'Patient' ? [...references, ...ids.map((id) => `Patient/${id}`)] : references;
  const dates = valuesOf(({ element, text }) => element !== 'meta' && datePattern.test(text));
  const shortened = dates.flatMap((date) => [date, date.slice(0, 10), date.slice(0, 7), date.slice(0, 4)]);
  const categories = codingsIn(resources, (element) => element === 'category');
  const codings = codingsIn(resources, (element) => element !== 'category' && !/status/i.test(element));
  return [
    { name: '_id', values: [...ids, 'unknown'] },
    { name: 'patient', values: patients },
    { name: 'patient', values: patients.map((reference) => reference.replace('Patient/', '')) },
    ...(['status', 'lifecycle-status'] as const).map((name) => ({
      name,
      values: valuesOf(({ element, text }) => /status/i.test(element) && wordPattern.test(text)),
    })),
    { name: 'category', values: valuesOf(({ element, text }) => element === 'category' && wordPattern.test(text)) },
    ...tokenKinds('category', categories),
    ...(['code', 'vaccine-code', 'service-type'] as const).flatMap((name) => tokenKinds(name, codings)),
    { name: 'subject', values: patients },
    { name: 'subject', values: patients.map((reference) => reference.replace('Patient/', '')) },
    { name: 'gender', values: valuesOf(({ element, text }) => element === 'gender' && wordPattern.test(text)) },
    { name: 'intent', values: valuesOf(({ element, text }) => element === 'intent' && wordPattern.test(text)) },
    ...tokenKinds(
      'clinical-status',
      codingsIn(resources, (element) => element === 'clinicalStatus'),
    ),
    ...tokenKinds(
      'type',
      codingsIn(resources, (element) => element === 'type'),
    ),
    ...tokenKinds(
      'specialty',
      codingsIn(resources, (element) => element === 'specialty'),
    ),
    ...tokenKinds('identifier', identifiersIn(resources)),
    ...textNames.flatMap((name) =>
      textKinds(
        name,
        valuesOf(({ element }) => textElements.includes(element)),
      ),
    ),
    ...datePrefixes.flatMap((prefix): Alternatives[] => [
      ...dateNames.map((name) => ({ name, values: shortened.map((date) => `${prefix}${date}`) })),
      { name: '_lastUpdated', values: instants.map((instant) => `${prefix}${instant}`) },
    ]),
  ];
}

const textNames = ['name', 'family', 'given', 'address'] as const;
const textElements = ['name', 'alias', 'address'];

/** Whole names, their beginnings, and both in another case and without accents. */
function textKinds(name: (typeof textNames)[number], texts: readonly string[]): Alternatives[] {
  const plain = texts.map((text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, ''));
  const beginnings = [1, 2, 3, 5].map((length) => plain.map((text) => text.slice(0, length).trim()));
  return [texts, plain.map((text) => text.toUpperCase()), ...beginnings]
    .map((values) => values.filter((value) => value.trim() !== '').map(withEscapes))
    .map((values) => ({ name, values }));
}

function identifiersIn(resources: readonly object[]): FoundCoding[] {
  const elements = resources.flatMap(membersOf).filter(([name]) => name === 'identifier');
  return elements.flatMap(([, value]) =>
    [value].flat().flatMap((each) => {
      const { system, value: code } = (each ?? {}) as { readonly system?: unknown; readonly value?: unknown };
      return typeof code === 'string' ? [{ system, code }] : [];
    }),
  );
}

interface FoundCoding {
  readonly system?: unknown;
  readonly code: string;
}

function tokenKinds(name: ParameterName, codings: readonly FoundCoding[]): Alternatives[] {
  const system = (coding: FoundCoding) => (typeof coding.system === 'string' ? withEscapes(coding.system) : '');
  return [
    { name, values: codings.map(({ code }) => withEscapes(code)) },
    { name, values: codings.map((coding) => `${system(coding)}|${withEscapes(coding.code)}`) },
    { name, values: codings.map(({ code }) => `|${withEscapes(code)}`) },
  ];
}

interface FoundText {
  /** The member of the resource that contains the text at any depth. */
  readonly element: string;
  readonly text: string;
}

function textsIn(value: unknown, element: string): FoundText[] {
  if (typeof value === 'string') return [{ element, text: value }];
  return membersOf(value).flatMap(([name, member]) => textsIn(member, element || name));
}

function codingsIn(resources: readonly object[], isWanted: (element: string) => boolean): FoundCoding[] {
  const elements = resources.flatMap(membersOf).filter(([name]) => isWanted(name));
  return elements.flatMap(([, value]) => codingsAt(value));
}

function codingsAt(value: unknown): FoundCoding[] {
  const inner = membersOf(value).flatMap(([, member]) => codingsAt(member));
  const { code } = (value ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? [{ ...(value as object), code }, ...inner] : inner;
}

function membersOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** https://hl7.org/fhir/R4/search.html#escaping */
function withEscapes(text: string): string {
  return text.replace(/[\\,|$]/g, '\\$&');
}
