import { readOutcomeIssues } from '@bulkhead/fhir';
import { describe, expect, test } from '@jest/globals';
import { EhrHttpError } from '../http/ehr-http-error.ts';
import type { ExportParameters } from './export-parameters.ts';
import { type KickOffAttempt, negotiateKickOff } from './negotiate-kick-off.ts';

const parameters: ExportParameters = {
  types: ['Patient', 'Observation'],
  since: '2024-01-01T00:00:00Z',
  typeFilters: ['Observation?category=laboratory'],
};
const attempt: KickOffAttempt = { method: 'GET', parameters, dropped: [] };

function refusal(status: number, ...issue: object[]) {
  const issues = readOutcomeIssues({ resourceType: 'OperationOutcome', issue });
  return new EhrHttpError({ status, issues, retryAfterMs: undefined, host: 'ehr.example' });
}
const issue = (code: string, change: object) => ({ severity: 'error', code, ...change });

describe('a refusal #negotiation', () => {
  test.each([
    {
      what: 'a text',
      status: 400,
      issue: issue('not-supported', { details: { text: '_since is not supported' } }),
      dropped: '_since',
    },
    {
      what: 'a plain string',
      status: 400,
      issue: issue('invalid', { details: 'Unknown parameter "_type"' }),
      dropped: '_type',
    },
    {
      what: 'diagnostics',
      status: 422,
      issue: issue('processing', { details: { text: 'Bad request' }, diagnostics: '_typeFilter is unknown' }),
      dropped: '_typeFilter',
    },
    { what: 'an expression', status: 400, issue: issue('structure', { expression: ['_since'] }), dropped: '_since' },
    {
      what: '501',
      status: 501,
      issue: issue('not-supported', { diagnostics: 'no _typeFilter here' }),
      dropped: '_typeFilter',
    },
  ])('that names $dropped in $what: sent without it', ({ status, issue: one, dropped }) => {
    const next = negotiateKickOff(attempt, refusal(status, one));
    expect(next).toMatchObject({ method: 'GET', dropped: [dropped] });
    const sent = {
      _since: next?.parameters.since,
      _type: next?.parameters.types[0],
      _typeFilter: next?.parameters.typeFilters[0],
    };
    expect(Object.entries(sent).filter(([, value]) => value === undefined)).toEqual([[dropped, undefined]]);
  });

  test.each(['not-supported', 'value', 'code-invalid'])('of one type (%s): sent without that type', (code) => {
    const text = 'The parameter _type names Observation, which is not supported.';
    const next = negotiateKickOff(attempt, refusal(400, issue(code, { details: { text } })));
    expect(next).toMatchObject({ parameters: { types: ['Patient'] }, dropped: ['_type=Observation'] });
  });

  test.each([
    { text: 'Resource type Observation is not a supported resource type', code: 'processing' },
    { text: 'Observation: unsupported', code: 'not-supported' },
    { text: 'Unknown type "Observation"', code: 'invalid' },
    // HAPI FHIR 8.8.0 refuses Binary with this text.
    {
      text: 'Failed to validate parameters:\n * Bulk export of Observation resources is forbidden',
      code: 'processing',
    },
  ])('of one type that does not name _type is sent without that type: $text', ({ text, code }) => {
    const next = negotiateKickOff(attempt, refusal(400, issue(code, { diagnostics: text })));
    expect(next).toMatchObject({ parameters: { types: ['Patient'] }, dropped: ['_type=Observation'] });
  });

  test('of one type in plain words, without an OperationOutcome, is sent without that type', () => {
    const ehrText = 'Resource type Observation is not a supported resource type';
    const error = new EhrHttpError({ status: 400, issues: [], retryAfterMs: undefined, host: 'ehr.example', ehrText });
    expect(negotiateKickOff(attempt, error)).toMatchObject({ dropped: ['_type=Observation'] });
  });

  test('of a filter that names a type drops the filter, not the type', () => {
    const text = 'The _typeFilter Observation?category=laboratory is invalid';
    expect(negotiateKickOff(attempt, refusal(400, issue('invalid', { diagnostics: text })))).toMatchObject({
      dropped: ['_typeFilter'],
    });
  });

  test('of every type that was asked for is one: without _type everything would be exported', () => {
    const text = '_type: neither Patient nor Observation can be exported';
    expect(negotiateKickOff(attempt, refusal(400, issue('not-supported', { details: { text } })))).toBeUndefined();
  });

  test.each([405, 501, 415])('of the method (%i): sent by the other one, once', (status) => {
    const byPost = negotiateKickOff(attempt, refusal(status));
    expect(byPost).toMatchObject({ method: 'POST', parameters, dropped: ['GET'] });
    expect(negotiateKickOff(byPost as KickOffAttempt, refusal(status))).toBeUndefined();
  });

  test('of a POST by a server without the route: sent by GET', () => {
    const byPost: KickOffAttempt = { ...attempt, method: 'POST' };
    expect(negotiateKickOff(byPost, refusal(404))).toMatchObject({ method: 'GET', dropped: ['POST'] });
  });

  test.each([
    { what: '404 to a GET', error: refusal(404) },
    { what: '403', error: refusal(403, issue('forbidden', { diagnostics: '_since' })) },
    { what: '429', error: refusal(429, issue('throttled', { diagnostics: '_type' })) },
    { what: 'a value of ours', error: refusal(400, issue('value', { diagnostics: '_since' })) },
    { what: 'something else', error: refusal(400, issue('invalid', { diagnostics: 'no such Group' })) },
    { what: 'HTML', error: refusal(400) },
    { what: 'a network failure', error: new Error('ECONNRESET') },
  ])('by $what is not negotiated', ({ error }) => {
    expect(negotiateKickOff(attempt, error)).toBeUndefined();
  });

  test('of one after the other comes to an end', () => {
    let now: KickOffAttempt | undefined = attempt;
    const all = refusal(
      400,
      issue('not-supported', { diagnostics: '_type, _since and _typeFilter are unknown; use POST, not GET' }),
    );
    const dropped: string[][] = [];
    while (now) {
      dropped.push([...now.dropped]);
      now = negotiateKickOff(now, all);
    }
    expect(dropped.at(-1)).toEqual(['_type', '_since', '_typeFilter', 'GET']);
  });
});

describe('what a refusal is about #negotiation', () => {
  const dropped = (error: EhrHttpError, change: Partial<KickOffAttempt> = {}) =>
    negotiateKickOff({ ...attempt, ...change }, error)?.dropped;
  const about = (diagnostics: string, code = 'processing', status = 400) =>
    refusal(status, issue(code, { diagnostics }));

  test.each([400, 404, 405, 415, 422, 501])('can be read from a %i', (status) => {
    expect(dropped(about('_since', 'invalid', status))).toEqual(['_since']);
  });

  test.each([401, 403, 406, 409, 412, 429, 500, 503])('is not looked for in a %i', (status) => {
    expect(dropped(about('_since', 'invalid', status))).toBeUndefined();
  });

  test.each(['not-supported', 'invalid', 'processing', 'structure', 'business-rule'])(
    'is a parameter if the code is %s',
    (code) => {
      expect(dropped(about('_since', code))).toEqual(['_since']);
    },
  );

  test.each(['value', 'code-invalid', 'not-found'])('is a type, never a parameter, if the code is %s', (code) => {
    expect(dropped(about('Unknown type Observation', code))).toEqual(['_type=Observation']);
    expect(dropped(about('_since', code))).toBeUndefined();
  });

  test.each(['exception', 'security', 'forbidden', 'throttled', 'timeout'])('is neither if the code is %s', (code) => {
    expect(dropped(about('Unknown type Observation', code))).toBeUndefined();
    expect(dropped(about('_since', code))).toBeUndefined();
  });

  test.each([
    'The resource type Observation does not exist',
    'No such resource types: Observation',
    'Bad ResourceType Observation',
    'Observation in _type',
    'Observation is not supported',
    'Observation is not a known type',
    'Observation is not valid here',
    'Observation is not allowed',
    'Observation is not recognised',
    'Observation is not recognized',
    'Observation is NOT AVAILABLE',
    'Observation is not exportable',
    'Unsupported: Observation',
    'Observation is forbidden',
    'unknown Observation',
    'Observation: invalid',
  ])('is a type in the words: %s', (text) => {
    expect(dropped(about(text))).toEqual(['_type=Observation']);
  });

  test.each([
    'The Observation service timed out',
    'No Observation could be read',
    'ObservationDefinition is not supported',
    'MyObservation is not supported',
    '_Observation is not supported',
    'observation is not supported',
    'Encounter is not supported',
    'The type is not supported',
  ])('is not a type that was asked for in the words: %s', (text) => {
    expect(dropped(about(text))).toBeUndefined();
  });

  test('is every type that it names, if others are left', () => {
    const parameters3 = { ...parameters, types: ['Patient', 'Goal', 'Observation'] };
    const next = negotiateKickOff(
      { ...attempt, parameters: parameters3, dropped: ['_since'] },
      about('Unknown: Observation, Goal'),
    );
    expect(next).toMatchObject({
      parameters: { ...parameters3, types: ['Patient'] },
      dropped: ['_since', '_type=Goal', '_type=Observation'],
    });
  });

  test('is `_typeFilter`, and not `_type`, if that is named', () => {
    expect(dropped(about('_typeFilter'))).toEqual(['_typeFilter']);
    expect(dropped(about('my_type'))).toBeUndefined();
    expect(dropped(about('_types'))).toBeUndefined();
  });

  test('is a parameter of one issue and no type of another issue that has another code', () => {
    const error = refusal(
      400,
      issue('exception', { diagnostics: 'Unknown type Observation' }),
      issue('invalid', { diagnostics: '_since' }),
    );
    expect(dropped(error)).toEqual(['_since']);
  });

  test('is nothing that can be left out if `_type` is named with a type and another parameter', () => {
    // A kick-off without `_type` would export everything.
    const both = issue('invalid', { diagnostics: '_type with Patient cannot be combined with _since' });
    expect(dropped(refusal(400, both))).toBeUndefined();
    expect(dropped(refusal(400, issue('invalid', { diagnostics: 'Bad request' }), both))).toBeUndefined();
  });

  test('is only a parameter that was sent', () => {
    expect(dropped(about('_since'), { parameters: { ...parameters, since: undefined } })).toBeUndefined();
    expect(dropped(about('_typeFilter'), { parameters: { ...parameters, typeFilters: [] } })).toBeUndefined();
    expect(dropped(about('_type'), { parameters: { ...parameters, types: [] } })).toBeUndefined();
  });

  test('is the method if that is named', () => {
    expect(dropped(about('GET is not supported here'))).toEqual(['GET']);
    expect(dropped(about('POST is not supported here'))).toBeUndefined();
    expect(dropped(about('POST is not supported here'), { method: 'POST' })).toEqual(['POST']);
    expect(dropped(about('GET is not supported'), { dropped: ['POST'] })).toBeUndefined();
  });

  test.each([
    { status: 400, method: 'POST', expected: undefined },
    { status: 422, method: 'POST', expected: undefined },
    { status: 404, method: 'GET', expected: undefined },
    { status: 404, method: 'POST', expected: ['POST'] },
    { status: 405, method: 'POST', expected: ['POST'] },
    { status: 415, method: 'POST', expected: ['POST'] },
    { status: 501, method: 'GET', expected: ['GET'] },
  ] as const)(
    'is the method with a $status to a $method without a reason: $expected',
    ({ status, method, expected }) => {
      expect(dropped(refusal(status), { method })).toEqual(expected);
    },
  );

  test('is read from plain words only if there is no OperationOutcome', () => {
    const options = { status: 400, retryAfterMs: undefined, host: 'ehr.example', ehrText: 'unknown parameter _since' };
    const plain = new EhrHttpError({ ...options, issues: [] });
    expect(dropped(plain)).toEqual(['_since']);
    const { issues } = about('_type');
    expect(dropped(new EhrHttpError({ ...options, issues }))).toEqual(['_type']);
  });
});
