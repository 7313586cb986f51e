import { droppedParameters, type ExportParameters, readOutcomeIssues, toQuery } from '@bulkhead/fhir';
import { describe, expect, test } from '@jest/globals';
import { EhrHttpError } from '../http/ehr-http-error.ts';
import { type KickOffAttempt, mayMeanNoChanges, negotiateKickOff, toSent } from './negotiate-kick-off.ts';

const parameters: ExportParameters = {
  types: ['Patient', 'Observation'],
  since: '2024-01-01T00:00:00Z',
  typeFilters: ['Observation?category=laboratory'],
};
const attempt: KickOffAttempt = { method: 'GET', parameters, allowsUnfiltered: true, refusedTypes: [] };

/** What an attempt no longer sends of `first`. */
function droppedFrom(next: KickOffAttempt | undefined, first: KickOffAttempt = attempt): string[] | undefined {
  const { types, since, typeFilters } = first.parameters;
  const request = { exportType: 'Patient' as const, resourceTypes: types, typeFilters, ...(since ? { since } : {}) };
  return next && droppedParameters(request, toSent(next));
}

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
  ])(
    'a kick-off is repeated without $dropped if the refusal names it in $what',
    ({ status, issue: reportedIssue, dropped }) => {
      const next = negotiateKickOff(attempt, refusal(status, reportedIssue));
      expect(next).toMatchObject({ method: 'GET' });
      expect(droppedFrom(next)).toEqual([dropped]);
      const parameters = {
        _since: next?.parameters.since,
        _type: next?.parameters.types[0],
        _typeFilter: next?.parameters.typeFilters[0],
      };
      expect(Object.entries(parameters).filter(([, value]) => value === undefined)).toEqual([[dropped, undefined]]);
    },
  );

  test('a `_since` that the refusal names is sent once in whole seconds of UTC, and then left out', () => {
    const first = { ...attempt, parameters: { ...parameters, since: '2024-01-01T05:00:00.789+05:00' } };
    const error = refusal(400, issue('value', { diagnostics: '_since must have the format yyyy-MM-ddTHH:mm:ssZ' }));
    const second = negotiateKickOff(first, error);
    expect(second?.parameters.since).toBe('2024-01-01T00:00:00Z');
    const named = refusal(400, issue('not-supported', { diagnostics: '_since' }));
    expect(negotiateKickOff(second ?? first, named)?.parameters.since).toBeUndefined();
  });

  test.each(['not-supported', 'value', 'code-invalid'])(
    'a kick-off is repeated without a type that the refusal names (code %s)',
    (code) => {
      const text = 'The parameter _type names Observation, which is not supported.';
      const next = negotiateKickOff(attempt, refusal(400, issue(code, { details: { text } })));
      expect(next).toMatchObject({ parameters: { types: ['Patient'] }, refusedTypes: ['Observation'] });
    },
  );

  test.each([
    { text: 'Resource type Observation is not a supported resource type', code: 'processing' },
    { text: 'Observation: unsupported', code: 'not-supported' },
    { text: 'Unknown type "Observation"', code: 'invalid' },
    // HAPI FHIR 8.8.0 refuses Binary with this text.
    {
      text: 'Failed to validate parameters:\n * Bulk export of Observation resources is forbidden',
      code: 'processing',
    },
  ])('a kick-off is repeated without a type if the refusal names only the type: $text', ({ text, code }) => {
    const next = negotiateKickOff(attempt, refusal(400, issue(code, { diagnostics: text })));
    expect(next).toMatchObject({ parameters: { types: ['Patient'] }, refusedTypes: ['Observation'] });
  });

  test('a kick-off is repeated without a type if the refusal names it in plain words without an OperationOutcome', () => {
    const ehrText = 'Resource type Observation is not a supported resource type';
    const error = new EhrHttpError({ status: 400, issues: [], retryAfterMs: undefined, host: 'ehr.example', ehrText });
    expect(droppedFrom(negotiateKickOff(attempt, error))).toEqual(['_type=Observation']);
  });

  test('a refused filter that contains a type drops the filter and not the type', () => {
    const text = 'The _typeFilter Observation?category=laboratory is invalid';
    const next = negotiateKickOff(attempt, refusal(400, issue('invalid', { diagnostics: text })));
    expect(droppedFrom(next)).toEqual(['_typeFilter']);
  });

  test('refused filters are sent as a list, and the export does not start without them unless the request allows it', () => {
    const two = { ...parameters, typeFilters: ['Observation?category=laboratory', 'Condition?code=1'] };
    const strict: KickOffAttempt = { method: 'GET', parameters: two, refusedTypes: [] };
    const refused = refusal(400, issue('not-supported', { diagnostics: '_typeFilter occurs twice' }));
    const asList = negotiateKickOff(strict, refused);
    expect(asList).toEqual({ ...strict, parameters: { ...two, joinsFilters: true } });
    expect(toQuery(asList?.parameters ?? two)).toContain(
      `_typeFilter=${encodeURIComponent('Observation?category=laboratory,Condition?code=1')}`,
    );
    expect(() => negotiateKickOff(asList ?? strict, refused)).toThrow(
      expect.objectContaining({ code: 'type-filter-refused', retry: 'never' }),
    );
    const lenient = asList && { ...asList, allowsUnfiltered: true };
    expect(droppedFrom(lenient && negotiateKickOff(lenient, refused), strict)).toEqual(['_typeFilter']);
  });

  test('a refusal of every requested type is final, because without _type everything would be exported', () => {
    const text = '_type: neither Patient nor Observation can be exported';
    expect(negotiateKickOff(attempt, refusal(400, issue('not-supported', { details: { text } })))).toBeUndefined();
  });

  test.each([
    { status: 400, text: 'Rule 59159: the search requires demographics or _id' },
    { status: 422, text: '59159' },
  ])('a Group kick-off of Patient alone is repeated without _type if the refusal is: $text', ({ status, text }) => {
    const alone = { ...attempt, isOfGroup: true, parameters: { ...parameters, types: ['Patient'] } };
    const error = refusal(status, issue('business-rule', { diagnostics: text }));
    const next = negotiateKickOff(alone, error);
    expect(next).toMatchObject({ parameters: { types: [], since: parameters.since } });
    expect(droppedFrom(next, alone)).toEqual(['_type']);
    expect(negotiateKickOff(next as KickOffAttempt, error)).toBeUndefined();
    // Several types and other levels are not what the rule is about.
    expect(negotiateKickOff({ ...attempt, isOfGroup: true }, error)).toBeUndefined();
    expect(negotiateKickOff({ ...alone, isOfGroup: false }, error)).toBeUndefined();
  });

  test.each(['Unknown type Patient', 'Patient cannot be exported', 'no such Group'])(
    'a Group kick-off of Patient alone is not repeated without _type if the refusal is: %s',
    (text) => {
      const alone = { ...attempt, isOfGroup: true, parameters: { ...parameters, types: ['Patient'] } };
      expect(negotiateKickOff(alone, refusal(400, issue('processing', { diagnostics: text })))).toBeUndefined();
    },
  );

  test.each([405, 501, 415])(
    'a kick-off is repeated once by the other method if the server refuses the method with %i',
    (status) => {
      const byPost = negotiateKickOff(attempt, refusal(status));
      expect(byPost).toMatchObject({ method: 'POST', parameters, refusedMethod: 'GET' });
      expect(negotiateKickOff(byPost as KickOffAttempt, refusal(status))).toBeUndefined();
    },
  );

  test('a kick-off is repeated by GET if the server has no route for POST', () => {
    const byPost: KickOffAttempt = { ...attempt, method: 'POST' };
    expect(negotiateKickOff(byPost, refusal(404))).toMatchObject({ method: 'GET', refusedMethod: 'POST' });
  });

  test.each([
    { what: '404 to a GET', error: refusal(404) },
    { what: '403', error: refusal(403, issue('forbidden', { diagnostics: '_since' })) },
    { what: '429', error: refusal(429, issue('throttled', { diagnostics: '_type' })) },
    { what: 'a value of ours', error: refusal(400, issue('value', { diagnostics: '_since' })) },
    { what: 'something else', error: refusal(400, issue('invalid', { diagnostics: 'no such Group' })) },
    { what: 'HTML', error: refusal(400) },
    { what: 'a network failure', error: new Error('ECONNRESET') },
  ])('a kick-off is not repeated after $what', ({ error }) => {
    expect(negotiateKickOff(attempt, error)).toBeUndefined();
  });

  test('a server that refuses one parameter after the other ends the negotiation', () => {
    let now: KickOffAttempt | undefined = attempt;
    const all = refusal(
      400,
      issue('not-supported', { diagnostics: '_type, _since and _typeFilter are unknown; use POST, not GET' }),
    );
    const dropped: unknown[] = [];
    while (now) {
      dropped.push(droppedFrom(now));
      now = negotiateKickOff(now, all);
    }
    expect(dropped.at(-1)).toEqual(['_type', '_since', '_typeFilter', 'GET']);
  });
});

describe('what a refusal is about #negotiation', () => {
  const dropped = (error: EhrHttpError, change: Partial<KickOffAttempt> = {}) =>
    droppedFrom(negotiateKickOff({ ...attempt, ...change }, error), { ...attempt, ...change });
  const about = (diagnostics: string, code = 'processing', status = 400) =>
    refusal(status, issue(code, { diagnostics }));

  test.each([400, 404, 405, 415, 422, 501])('a refusal with status %i is read for what it refuses', (status) => {
    expect(dropped(about('_since', 'invalid', status))).toEqual(['_since']);
  });

  test.each([401, 403, 406, 409, 412, 429, 502, 503])(
    'a refusal with status %i is not read for what it refuses',
    (status) => {
      expect(dropped(about('_since', 'invalid', status))).toBeUndefined();
    },
  );

  test.each(['not-supported', 'invalid', 'processing', 'structure', 'business-rule'])(
    'a refusal with the code %s can name a parameter',
    (code) => {
      expect(dropped(about('_since', code))).toEqual(['_since']);
    },
  );

  test.each([undefined, null, 400, 27_001, '59159', 'unknown', 'bad-parameter', { code: 'invalid' }])(
    'a refusal with the code %j, which FHIR does not define, can name a parameter and a type',
    (code) => {
      const aboutIt = (diagnostics: string) => refusal(400, { severity: 'error', code, diagnostics });
      expect(dropped(aboutIt('The parameter _since cannot be used'))).toEqual(['_since']);
      expect(dropped(aboutIt('Unknown type Observation'))).toEqual(['_type=Observation']);
    },
  );

  test.each(['value', 'code-invalid', 'not-found'])(
    'a refusal with the code %s can name a type and never a parameter',
    (code) => {
      expect(dropped(about('Unknown type Observation', code))).toEqual(['_type=Observation']);
      expect(dropped(about('_since', code))).toBeUndefined();
    },
  );

  test.each(['exception', 'security', 'forbidden', 'throttled', 'timeout'])(
    'a refusal with the code %s names neither a type nor a parameter',
    (code) => {
      expect(dropped(about('Unknown type Observation', code))).toBeUndefined();
      expect(dropped(about('_since', code))).toBeUndefined();
    },
  );

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
  ])('a refusal names a type in the words: %s', (text) => {
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
  ])('a refusal names no requested type in the words: %s', (text) => {
    expect(dropped(about(text))).toBeUndefined();
  });

  test('a refusal of several types drops all of them if other types remain', () => {
    const parameters3 = { ...parameters, types: ['Patient', 'Goal', 'Observation'] };
    const next = negotiateKickOff(
      { ...attempt, parameters: parameters3, refusedTypes: ['Condition'] },
      about('Unknown: Observation, Goal'),
    );
    expect(next).toMatchObject({
      parameters: { ...parameters3, types: ['Patient'] },
      refusedTypes: ['Condition', 'Goal', 'Observation'],
    });
  });

  test('a refusal of `_typeFilter` does not refuse `_type`', () => {
    expect(dropped(about('_typeFilter'))).toEqual(['_typeFilter']);
    expect(dropped(about('my_type'))).toBeUndefined();
    expect(dropped(about('_types'))).toBeUndefined();
  });

  test('a refusal with several issues drops what the first matching issue names', () => {
    const error = refusal(
      400,
      issue('exception', { diagnostics: 'Unknown type Observation' }),
      issue('invalid', { diagnostics: '_since' }),
    );
    expect(dropped(error)).toEqual(['_since']);
  });

  test('a refusal of the combination of `_type` and another parameter drops nothing', () => {
    // A kick-off without `_type` would export everything.
    const conflict = issue('invalid', { diagnostics: '_type with Patient cannot be combined with _since' });
    expect(dropped(refusal(400, conflict))).toBeUndefined();
    expect(dropped(refusal(400, issue('invalid', { diagnostics: 'Bad request' }), conflict))).toBeUndefined();
  });

  test('a refusal drops only parameters that were sent', () => {
    expect(dropped(about('_since'), { parameters: { ...parameters, since: undefined } })).toBeUndefined();
    expect(dropped(about('_typeFilter'), { parameters: { ...parameters, typeFilters: [] } })).toBeUndefined();
    expect(dropped(about('_type'), { parameters: { ...parameters, types: [] } })).toBeUndefined();
  });

  test('a refusal that names the method changes the method', () => {
    expect(dropped(about('GET is not supported here'))).toEqual(['GET']);
    expect(dropped(about('POST is not supported here'))).toBeUndefined();
    expect(dropped(about('POST is not supported here'), { method: 'POST' })).toEqual(['POST']);
    expect(dropped(about('GET is not supported'), { refusedMethod: 'POST' })).toBeUndefined();
  });

  test.each([
    { status: 400, method: 'POST', expected: undefined },
    { status: 422, method: 'POST', expected: undefined },
    { status: 404, method: 'GET', expected: undefined },
    { status: 404, method: 'POST', expected: ['POST'] },
    { status: 405, method: 'POST', expected: ['POST'] },
    { status: 415, method: 'POST', expected: ['POST'] },
    { status: 501, method: 'GET', expected: ['GET'] },
  ] as const)('a $status to a $method without a reason drops the method: $expected', ({ status, method, expected }) => {
    expect(dropped(refusal(status), { method })).toEqual(expected);
  });

  test('a refusal in plain words is read only if there is no OperationOutcome', () => {
    const options = { status: 400, retryAfterMs: undefined, host: 'ehr.example', ehrText: 'unknown parameter _since' };
    const plain = new EhrHttpError({ ...options, issues: [] });
    expect(dropped(plain)).toEqual(['_since']);
    const { issues } = about('_type');
    expect(dropped(new EhrHttpError({ ...options, issues }))).toEqual(['_type']);
  });
});

describe('what a server demands #negotiation', () => {
  const every = { ...attempt, parameters: { ...parameters, types: [] }, offeredTypes: ['Patient', 'Goal'] };
  const demand = (text: string, status = 400) => refusal(status, issue('required', { details: { text } }));

  test.each([
    'Parameter _outputFormat is required.',
    'Missing parameter: _outputFormat',
    '_outputFormat must be provided',
    'The request must include _outputFormat',
    '_outputFormat was not specified',
  ])('a kick-off is repeated with the only format: %s', (text) => {
    const next = negotiateKickOff(attempt, demand(text));
    expect(next?.parameters).toEqual({ ...parameters, outputFormat: 'application/fhir+ndjson' });
    // It is not demanded again, and may then be refused.
    expect(negotiateKickOff(next ?? attempt, demand(text))?.parameters.outputFormat).toBeUndefined();
  });

  test('a kick-off of every type is repeated once with the offered types', () => {
    const next = negotiateKickOff(every, demand('_type is required', 422));
    expect(next).toMatchObject({ parameters: { types: ['Patient', 'Goal'] }, offeredTypes: [] });
    expect(negotiateKickOff(next ?? every, demand('_type is required'))?.parameters.types).not.toEqual([]);
    expect(negotiateKickOff({ ...every, offeredTypes: [] }, demand('_type is required'))).toBeUndefined();
  });

  test('a refusal that only names a parameter does not demand it', () => {
    expect(negotiateKickOff(every, demand('_outputFormat is not supported'))).toBeUndefined();
    expect(negotiateKickOff(every, demand('_type is not supported'))).toBeUndefined();
  });

  test('a 500 is a refusal only if it names a parameter that was sent', () => {
    const named = refusal(500, issue('processing', { diagnostics: 'cannot handle _since' }));
    expect(droppedFrom(negotiateKickOff(attempt, named))).toEqual(['_since']);
    for (const text of ['out of memory', 'cannot handle _elements', 'Observation is not supported'])
      expect(negotiateKickOff(attempt, refusal(500, issue('processing', { diagnostics: text })))).toBeUndefined();
  });
});

describe('a 404 to a kick-off with `_since` #negotiation', () => {
  const says = (text: string, status = 404) => refusal(status, issue('not-found', { details: { text } }));

  test.each(['No data found', 'Group/a has no data', 'The export has no data because access was revoked', 'Not Found'])(
    'can mean that nothing has changed, whatever it says: %s',
    (text) => {
      expect(mayMeanNoChanges(attempt, says(text))).toBe(true);
      const inPlainText = { status: 404, issues: [], retryAfterMs: undefined, host: 'h', ehrText: text };
      expect(mayMeanNoChanges(attempt, new EhrHttpError(inPlainText))).toBe(true);
    },
  );

  test.each(['Unsupported parameter _since', '_since is not supported', 'The parameter _since is invalid'])(
    'is a refusal of the request if it says: "%s"',
    (text) => {
      expect(mayMeanNoChanges(attempt, says(text))).toBe(false);
    },
  );

  test('says nothing with another status, or without `_since`', () => {
    for (const status of [400, 403, 410, 500])
      expect(mayMeanNoChanges(attempt, says('No data found', status))).toBe(false);
    const full = { ...attempt, parameters: { ...parameters, since: undefined } };
    expect(mayMeanNoChanges(full, says('No data found'))).toBe(false);
    expect(mayMeanNoChanges(attempt, new Error('No data found'))).toBe(false);
  });
});
