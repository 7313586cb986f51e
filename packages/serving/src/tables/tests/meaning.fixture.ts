import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileView, publishedViews } from '../index.ts';
import { mustSupport, whyLost } from './meaning-data.fixture.ts';

/*
 * What a view says about an element is found by changing the element: rows that do not change have lost it. No list of
 * what a view carries is written by hand. What it does not carry has a reason, or the test fails.
 */

/** The views that the page has a row for. */
const views = Object.entries(publishedViews).map(([name, definition]) => ({ name, ...compileView(definition) }));
type View = (typeof views)[number];
type Json = Record<string, unknown>;

interface Element {
  /** The names in JSON, such as `component`, `valueQuantity`. */
  readonly path: readonly string[];
  readonly type: string;
  readonly refTypes: readonly string[];
  /** As FHIR writes it, such as `component.value[x]`. */
  readonly name: string;
}

/** Not imported, because `fhirpath/fhir-context/r4` takes the `refType`s out of the imported object when another test of the process loads it. */
const readData = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(`fhirpath/fhir-context/r4/${name}.json`)), 'utf8'));
const types: Readonly<Record<string, string | { readonly code: string; readonly refType?: string[] }>> =
  readData('path2Type');
const choices: Readonly<Record<string, readonly string[]>> = readData('choiceTypePaths');
const children = Map.groupBy(Object.keys(types), (path) => path.slice(0, path.lastIndexOf('.')));
const ofEveryElement = ['id', 'extension', 'modifierExtension'];
const ofEveryResource = ['implicitRules', 'language', 'meta', 'contained'];
const maxDepth = 4;

function elementsBelow(place: string, path: readonly string[] = []): Element[] {
  return (children.get(place) ?? []).flatMap((key) => {
    const name = key.slice(place.length + 1);
    const isLeftOut = ofEveryElement.includes(name) || (path.length === 0 && ofEveryResource.includes(name));
    if (isLeftOut || path.length === maxDepth) return [];
    const stated = types[key] as (typeof types)[string];
    const { code: type, refType: refTypes = [] } = typeof stated === 'object' ? stated : { code: stated };
    const below = [...path, name];
    if (['BackboneElement', 'Element'].includes(type)) return elementsBelow(key, below);
    if (type === 'Dosage') return elementsBelow(type, below);
    return [{ path: below, type, refTypes, name: [...path, shownName(place, key)].join('.') }];
  });
}

/** An element with a choice of types has the name of the choice. */
function shownName(place: string, key: string): string {
  const isOf = (choice: string) =>
    choice.startsWith(`${place}.`) && choices[choice]?.some((type) => choice + type === key);
  const choice = Object.keys(choices).find(isOf);
  return choice === undefined ? key.slice(place.length + 1) : `${choice.slice(place.length + 1)}[x]`;
}

const elementsByType = new Map<string, readonly Element[]>();
function elementsOf(resourceType: string): readonly Element[] {
  const known = elementsByType.get(resourceType) ?? elementsBelow(resourceType);
  elementsByType.set(resourceType, known);
  return known;
}

/** What a view needs to have a row, or an element to be read. */
const contexts: Readonly<Record<string, Json>> = {
  encounter: { participant: { type: { coding: [{ code: 'ATND' }] } } },
  encounter_diagnosis: { diagnosis: { rank: 1 } },
  care_plan_activity: { activity: {} },
  provenance: { target: { reference: 'Patient/1' } },
  lab_result: { category: [{ coding: [{ code: 'laboratory' }] }] },
  claim: { insurance: { focal: true }, diagnosis: { sequence: 1 } },
  coverage: { class: { type: { coding: [{ code: 'plan' }] } } },
};

function merge(one: Json, other: Json): Json {
  const isObject = (value: unknown): value is Json =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const former = merged[key];
    merged[key] = isObject(former) && isObject(value) ? merge(former, value) : value;
  }
  return merged;
}

function resourceWith({ name, resourceType }: View, path: readonly string[], value: unknown, others: Json = {}): Json {
  const element = path.toReversed().reduce((inner, key) => ({ [key]: inner }), value) as Json;
  return merge(merge({ resourceType, id: 'r1', ...others }, contexts[name] ?? {}), element);
}

/** The columns in which the rows of two resources differ. */
function differing(view: View, one: Json, other: Json): string[] {
  const [before, after] = [view.rows(one), view.rows(other)];
  const found = new Set<string>();
  const count = Math.max(before.length, after.length);
  for (let index = 0; index < count; index++)
    view.columns.forEach(({ name, type }, column) => {
      // The number of a row changes with the number of rows.
      if (type === 'integer' && name.endsWith('_number')) return;
      const [left, right] = [before[index]?.[column] ?? null, after[index]?.[column] ?? null];
      const isEmpty = (cell: unknown) => cell === null || (Array.isArray(cell) && cell.length === 0);
      if (isEmpty(left) && isEmpty(right)) return;
      if (JSON.stringify(left) !== JSON.stringify(right)) found.add(name);
    });
  return [...found];
}

const quantity = { value: 7, unit: 'u', code: 'u' };
const date = '2026-03-01T08:00:00Z';
const concept = { coding: [{ system: 'http://example.org', code: 'c', display: 'd' }], text: 't' };
const samples: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true],
  integer: [7],
  positiveInt: [7],
  unsignedInt: [7],
  decimal: [7],
  date: ['2026-03-01'],
  dateTime: [date],
  instant: [date],
  time: ['08:00:00'],
  Quantity: [quantity],
  Age: [quantity],
  Duration: [{ ...quantity, unit: 'days' }],
  Money: [{ value: 7, currency: 'USD' }],
  CodeableConcept: [concept],
  Coding: [concept.coding[0]],
  Period: [{ start: date, end: '2026-03-02' }],
  Range: [{ low: quantity, high: quantity }],
  Ratio: [{ numerator: quantity, denominator: quantity }],
  SampledData: [{ origin: quantity, period: 1, dimensions: 1, data: '1 2' }],
  Annotation: [{ text: 'note' }],
  Attachment: [{ contentType: 'text/plain', url: 'Binary/1', title: 'title' }],
  HumanName: [{ family: 'New', given: ['N'], text: 'New' }],
  Address: [{ line: ['new'], city: 'New', state: 'NY', postalCode: '1' }],
  Narrative: [{ status: 'generated', div: '<div/>' }],
  Timing: [{ repeat: { boundsPeriod: { start: date, end: date }, frequency: 2, period: 1, periodUnit: 'd' } }],
  ContactPoint: ['phone', 'email'].map((system) => ({ system, value: 'new' })),
  Identifier: [
    ...['us-npi', 'us-ssn'].map((system) => ({ system: `http://hl7.org/fhir/sid/${system}`, value: 'new' })),
    ...['MR', 'MB'].map((code) => ({ type: { coding: [{ code }] }, value: 'new' })),
  ],
};
const samplesOf = ({ type, refTypes, path }: Element): readonly unknown[] => {
  if (type === 'Reference') {
    const named = refTypes.filter((each) => !['Resource', 'Any'].includes(each));
    return (named.length > 0 ? named : ['Condition']).map((each) => ({ reference: `${each}/r`, display: 'shown' }));
  }
  if (path.at(-1) === 'status') return ['entered-in-error'];
  return samples[type] ?? ['text'];
};

/** The columns that say whether an element is there. */
function columnsWith(view: View, element: Element): string[] {
  const without = resourceWith(view, element.path.slice(0, -1), {});
  const found = samplesOf(element).flatMap((value) =>
    differing(view, without, resourceWith(view, element.path, value)),
  );
  return [...new Set(found)];
}

interface Finding {
  readonly view: string;
  readonly what: string;
  /** Empty: lost. */
  readonly columns: readonly string[];
}

/** Every type of every element with a choice of types that is read with one of them, or that US Core must support. */
function choiceFindings(view: View): Finding[] {
  const ofChoice = elementsOf(view.resourceType).filter(({ name }) => name.endsWith('[x]'));
  return [...Map.groupBy(ofChoice, ({ name }) => name)].flatMap(([, elements]) => {
    const found = elements.map((element) => ({
      view: view.name,
      what: `${element.name}: ${element.type}`,
      columns: columnsWith(view, element),
    }));
    return found.some(({ columns }) => columns.length > 0) ? found : [];
  });
}

const comparable = ['Quantity', 'Age', 'Duration'];
const withUse = ['Identifier', 'HumanName', 'Address', 'ContactPoint'];
const old: Readonly<Record<string, Json>> = {
  HumanName: { use: 'old', family: 'Old', given: ['O'], text: 'Old' },
  Address: { use: 'old', line: ['old'], city: 'Old', state: 'OS', postalCode: '0' },
};

/** What changes the meaning of an element that is read. */
function qualifierFindings(view: View): Finding[] {
  return elementsOf(view.resourceType).flatMap((element): Finding[] => {
    const { type, name, path } = element;
    const read = columnsWith(view, element);
    const finding = (qualifier: string, columns: readonly string[]) => ({
      view: view.name,
      what: `${qualifier}: ${name}`,
      columns,
    });
    if (/^(?:status|verificationStatus|lifecycleStatus|docStatus)$/.test(name) && type !== 'boolean')
      return [finding('`entered-in-error`', read)];
    if (read.length === 0) return [];
    if (comparable.includes(type)) {
      const [value] = samplesOf(element) as [Json];
      const withComparator = resourceWith(view, path, { ...value, comparator: '<' });
      return [finding('a comparator', differing(view, resourceWith(view, path, value), withComparator))];
    }
    if (withUse.includes(type) && !(view.resourceType === 'Location' && type === 'Address')) {
      const isCurrent = (samplesOf(element) as readonly Json[]).every((sample) => {
        const former = { ...sample, value: 'old', ...old[type], use: 'old' };
        const pair = resourceWith(view, path, [former, sample]);
        const ignored = differing(view, resourceWith(view, path, [sample]), pair);
        return ignored.every((column) => column.startsWith('previous_'));
      });
      return [finding('an `old` one that stands first', isCurrent ? read : [])];
    }
    if (type === 'Reference') {
      const resourceType = element.refTypes[0] ?? 'Condition';
      const contained = [{ resourceType, id: 'c', code: concept, name: [{ family: 'F' }], description: concept }];
      const withIt = resourceWith(view, path, { reference: '#c' }, { contained });
      return [finding('a contained resource', differing(view, resourceWith(view, path.slice(0, -1), {}), withIt))];
    }
    return [];
  });
}

const systems = {
  'ICD-10-CM': ['http://hl7.org/fhir/sid/icd-10-cm', '2.16.840.1.113883.6.90'],
  'ICD-9-CM': ['http://hl7.org/fhir/sid/icd-9-cm', '2.16.840.1.113883.6.103'],
  'SNOMED CT': ['http://snomed.info/sct', '2.16.840.1.113883.6.96'],
  LOINC: ['http://loinc.org', '2.16.840.1.113883.6.1'],
  CPT: ['http://www.ama-assn.org/go/cpt', '2.16.840.1.113883.6.12'],
  HCPCS: ['http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets', '2.16.840.1.113883.6.285'],
  'ICD-10-PCS': ['http://www.cms.gov/Medicare/Coding/ICD10', '2.16.840.1.113883.6.4'],
  CDT: ['http://www.ada.org/cdt', '2.16.840.1.113883.6.13'],
  RxNorm: ['http://www.nlm.nih.gov/research/umls/rxnorm', '2.16.840.1.113883.6.88'],
  NDC: ['http://hl7.org/fhir/sid/ndc', '2.16.840.1.113883.6.69'],
  CVX: ['http://hl7.org/fhir/sid/cvx', '2.16.840.1.113883.12.292'],
  ATC: ['http://www.whocc.no/atc', '2.16.840.1.113883.6.73'],
  UNII: ['http://fdasis.nlm.nih.gov', '2.16.840.1.113883.4.9'],
  NUCC: ['http://nucc.org/provider-taxonomy', '2.16.840.1.113883.6.101'],
} as const;

/** The systems whose codes have a column, by their URI and by their OID, behind a local code. */
function systemFindings(view: View): { readonly view: string; readonly element: string; readonly systems: string[] }[] {
  const coded = elementsOf(view.resourceType).filter(({ type }) => type === 'CodeableConcept');
  return coded.flatMap((element) => {
    const local = { system: 'http://example.org', code: 'local' };
    const found = Object.entries(systems).filter(([, [uri, oid]]) =>
      [uri, `urn:oid:${oid}`].every((system) => {
        const coding = [local, { system, code: 'standard' }];
        return view.rows(resourceWith(view, element.path, { coding })).some((row) => row.includes('standard'));
      }),
    );
    return found.length > 0 ? [{ view: view.name, element: element.name, systems: found.map(([name]) => name) }] : [];
  });
}

/** The elements that US Core must support. */
function mustSupportFindings(view: View): Finding[] {
  const us = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-';
  return (mustSupport[view.resourceType] ?? []).map((what) => {
    if (what.startsWith('us-core-')) {
      const url = us + what.slice('us-core-'.length);
      const values = { valueCode: 'F', valueCoding: concept.coding[0], valueCodeableConcept: concept };
      const parts = ['text', 'ombCategory', 'tribalAffiliation'].flatMap((part) => [
        { url: part, valueString: 'text' },
        ...Object.entries(values).map(([key, value]) => ({ url: part, [key]: value })),
      ]);
      const each = [
        ...Object.entries(values).map(([key, value]) => ({ url, [key]: value })),
        { url, extension: parts },
      ];
      const without = resourceWith(view, [], {});
      const columns = each.flatMap((extension) =>
        differing(view, without, resourceWith(view, ['extension'], [extension])),
      );
      return { view: view.name, what, columns: [...new Set(columns)] };
    }
    const elements = elementsOf(view.resourceType).filter(({ name }) => name === what || name === `${what}[x]`);
    if (elements.length === 0) throw new Error(`${view.resourceType}.${what} is not an element`);
    return { view: view.name, what, columns: elements.flatMap((element) => columnsWith(view, element)) };
  });
}

const ofViews = <Item>(find: (view: View) => Item[]) => views.flatMap(find);
const findings = {
  choices: ofViews(choiceFindings),
  qualifiers: ofViews(qualifierFindings),
  mustSupport: ofViews(mustSupportFindings),
};

const keyOf = ({ view, what }: Finding) => `${view} ${what}`;
/** Reads the reasons in their order. */
function reasonOf(finding: Finding): string | undefined {
  return whyLost.find(([pattern]) => pattern.test(keyOf(finding)))?.[1];
}

/** What is lost without a reason, and the reasons of what is not lost. */
export function findUnexplained(): { readonly lost: string[]; readonly needless: string[] } {
  const lost = Object.values(findings)
    .flat()
    .filter(({ columns }) => columns.length === 0);
  return {
    lost: [...new Set(lost.filter((finding) => reasonOf(finding) === undefined).map(keyOf))],
    needless: whyLost
      .filter(([, reason]) => !lost.some((finding) => reasonOf(finding) === reason))
      .map(([, reason]) => reason),
  };
}

const begin = '<!-- begin: written by `pnpm docs:tables` -->';
const end = '<!-- end -->';

/** @returns the page with the tables of today */
export function renderMeaning(page: string): string {
  const [before = '', rest = ''] = page.split(begin);
  const after = rest.split(end)[1] ?? '';
  return `${before}${begin}\n\n${sections().join('\n\n')}\n\n${end}${after}`;
}

function sections(): string[] {
  return [
    'Elements with a choice of types, with the columns of each type:',
    table(['view', 'element', 'carried', 'lost'], choiceRows()),
    'What changes the meaning of an element:',
    table(['qualifier', '', 'in'], qualifierRows()),
    'The code systems that have a column, by URI or OID, at any place among the codings. A code of another system is in `source_code` if it is the first one:',
    table(
      ['view', 'element', 'systems'],
      ofViews(systemFindings).map((found) => [`\`${found.view}\``, `\`${found.element}\``, found.systems.join(', ')]),
    ),
    'What US Core must support and no column has:',
    table(
      ['view', 'lost'],
      grouped(findings.mustSupport, ({ view }) => view).map(([view, found]) => [
        `\`${view}\``,
        lostOf(found, ({ what }) => what) || 'nothing',
      ]),
    ),
  ];
}

function choiceRows(): string[][] {
  return grouped(findings.choices, ({ view, what }) => `${view} ${what.split(': ')[0]}`).map(([key, found]) => {
    const [view = '', element = ''] = key.split(' ');
    const typeOf = ({ what }: Finding) => what.split(': ')[1] as string;
    const carried = found
      .filter(({ columns }) => columns.length > 0)
      .map((each) => `\`${typeOf(each)}\` (${names(each.columns)})`);
    return [`\`${view}\``, `\`${element}\``, carried.join('; '), lostOf(found, (each) => `\`${typeOf(each)}\``)];
  });
}

function qualifierRows(): string[][] {
  const isCarried = ({ columns }: Finding) => columns.length > 0;
  const elementOf = ({ what }: Finding) => `\`${what.split(': ')[1]}\``;
  const qualifierOf = ({ what }: Finding) => what.split(': ')[0] as string;
  return grouped(findings.qualifiers, qualifierOf).flatMap(([qualifier, found]) => {
    const carried = grouped(found.filter(isCarried), ({ view }) => view);
    const lost = grouped(
      found.filter((each) => !isCarried(each)),
      (each) => reasonOf(each) ?? '?',
    );
    return [
      [
        qualifier,
        'carried',
        carried.map(([view, each]) => `\`${view}\` (${each.map(elementOf).join(', ')})`).join('; '),
      ],
      ...lost.map(([reason, each]) => {
        const ofView = grouped(each, ({ view }) => view);
        const shown = ofView.map(([view, elements]) => `\`${view}\` (${elements.map(elementOf).join(', ')})`);
        return [qualifier, `lost: ${reason}`, shown.join('; ')];
      }),
    ];
  });
}

function lostOf(found: readonly Finding[], nameOf: (finding: Finding) => string): string {
  const lost = found.filter(({ columns }) => columns.length === 0);
  return grouped(lost, (finding) => reasonOf(finding) ?? '?')
    .map(([reason, each]) => `${[...new Set(each.map(nameOf))].join(', ')}: ${reason}`)
    .join(' ');
}

function names(columns: readonly string[]): string {
  return columns.map((name) => `\`${name}\``).join(', ');
}

function grouped<Item>(items: readonly Item[], keyOfItem: (item: Item) => string): [string, Item[]][] {
  return [...Map.groupBy(items, keyOfItem)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
