import { expect, test } from '@jest/globals';
import { publishedViews } from '../index.ts';
import { compileView } from './compile-view.ts';
import { findUnknownElements } from './unknown-elements.ts';
import type { ViewDefinition } from './view-definition.ts';

const id = { name: 'id', path: 'id', type: 'id' };

function warningsOf(view: object) {
  compileView(view);
  return findUnknownElements(view as ViewDefinition);
}
const ofPath = (path: string, resource = 'Patient') =>
  warningsOf({ resource, select: [{ column: [id, { name: 'value', path, collection: true }] }] });

test.each([
  {
    path: 'birthdate',
    message:
      'line 1, column 1: `birthdate` is not an element of Patient in FHIR R4, so it is empty. Did you mean `birthDate`?',
  },
  {
    path: 'name.famly',
    message:
      'line 1, column 6: `famly` is not an element of HumanName in FHIR R4, so it is empty. Did you mean `family`?',
  },
  {
    path: 'contact.where(nam.exists()).telecom',
    message: /^line 1, column 15: `nam` is not an element of Patient.contact .* Did you mean `name`\?$/,
  },
  { path: 'name.first().givn[0]', message: /`givn` is not an element of HumanName/ },
  { path: "extension('x').vale", message: /`vale` is not an element of Extension .* `value`/ },
  { path: 'Patient.nam', message: /`nam` is not an element of Patient/ },
  { path: 'active or decease = true', message: /^line 1, column 11: `decease`.*`deceased`/ },
  { path: 'zzz.family', message: 'line 1, column 1: `zzz` is not an element of Patient in FHIR R4, so it is empty.' },
])('the path $path has a warning with its place', ({ path, message }) => {
  const expected = message instanceof RegExp ? expect.stringMatching(message) : message;
  expect(ofPath(path)).toEqual([{ path: 'select.0.column.1.path', message: expected }]);
});

test.each([
  { path: 'value.ofType(Quantity).unit', resource: 'Observation' },
  { path: 'value.unit', resource: 'Observation' },
  { path: 'valueQuantity.unit', resource: 'Observation' },
  { path: 'component.referenceRange.low.value', resource: 'Observation' },
  { path: 'contained.anything', resource: 'Observation' },
  { path: 'contained.ofType(Goal).description.text', resource: 'CarePlan' },
  { path: "birthDate.extension('x').value.ofType(string)", resource: 'Patient' },
  { path: '_birthDate.extension.url', resource: 'Patient' },
  { path: 'resourceType', resource: 'Patient' },
  { path: 'managingOrganization.getReferenceKey(Organization)', resource: 'Patient' },
  { path: 'item.item.item.linkId', resource: 'Questionnaire' },
  { path: 'valueAge.unit', resource: 'Extension' },
])('the path $path of $resource has no warning', ({ path, resource }) => {
  if (resource === 'Extension') expect(ofPath(`extension('x').${path}`)).toEqual([]);
  else expect(ofPath(path, resource)).toEqual([]);
});

test('warnings name the places of loops, unions and conditions', () => {
  const view = {
    resource: 'Patient',
    select: [
      { column: [id] },
      { forEach: 'nam', column: [{ name: 'a', path: 'anything' }] },
      { unionAll: [{ forEach: 'name', column: [{ name: 'b', path: 'givn' }] }] },
      { select: [{ forEachOrNull: 'contact', column: [{ name: 'c', path: 'gendr' }] }] },
    ],
    where: [{ path: 'activation = true' }],
  };
  expect(warningsOf(view).map(({ path }) => path)).toEqual([
    'select.1.forEach',
    'select.2.unionAll.0.column.0.path',
    'select.3.select.0.column.0.path',
    'where.0.path',
  ]);
});

test('a path of a repeat may lead somewhere from one of its items only', () => {
  const repeating = (repeat: string[]) =>
    warningsOf({ resource: 'QuestionnaireResponse', select: [{ repeat, column: [{ name: 'a', path: 'linkId' }] }] });
  expect(repeating(['item', 'answer.item'])).toEqual([]);
  expect(repeating(['item', 'anser.item']).map(({ path }) => path)).toEqual(['select.0.repeat.1']);
});

test('a view has at most 20 warnings', () => {
  const column = Array.from({ length: 50 }, (_, index) => ({ name: `c${index}`, path: `wrong${index}` }));
  expect(warningsOf({ resource: 'Patient', select: [{ column }] })).toHaveLength(20);
});

/** Columns that read what R5 has, and some EHRs send. */
const ofLaterVersions = ['`note` is not an element of Appointment'];

test.each(Object.entries(publishedViews))('the published view %s names only elements of R4', (_, view) => {
  const isMeant = (message: string) => ofLaterVersions.some((text) => message.includes(text));
  expect(warningsOf(view).filter(({ message }) => !isMeant(message))).toEqual([]);
});
