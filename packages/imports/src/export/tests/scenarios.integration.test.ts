import type { Provider } from '@bulkhead/ehr/providers';
import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { type BulkExportRequest, droppedParameters } from '@bulkhead/fhir';
import { compareWithSimulator } from '@bulkhead/records/testing';
import { expect, test } from '@jest/globals';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

/** A scenario of the simulator and the expected result of an export with it. */
interface Expectation {
  readonly scenario: string;
  /** The rules of docs/bulk-data-conformance.md. */
  readonly rules: string;
  readonly request?: Partial<BulkExportRequest>;
  readonly simulator?: EhrSimulatorOptions;
  /** Changes to the provider. */
  readonly provider?: Partial<Provider>;
  /** The scopes of the connection. Default: all. */
  readonly scope?: string;
  /** The Group of the connection. Default: that of the practice. */
  readonly groupId?: string;
  /** What an operator allows besides the origin of the FHIR endpoint. */
  readonly allowed?: 'the other origin' | 'the internal name';
  /** An export runs before the scenario is injected. */
  readonly after?: 'an export';
  /** Requests the changes since the earlier export. */
  readonly changes?: true;
  /** An export of changes follows before the stored resources are compared. */
  readonly thenChanges?: true;
  /** Default: the export is completed. */
  readonly error?: string;
  /** The warnings, besides one for each dropped parameter. */
  readonly warnings?: readonly string[];
  readonly dropped?: readonly string[];
  readonly counts?: object;
  readonly quarantined?: readonly string[];
  /** Resources that cannot be stored. All others are stored as served, including the text of every number. */
  readonly missing?: RegExp;
  /** Resources that are stored differently from what is served. */
  readonly differing?: RegExp;
  /** Violations of the server's rules that the scenario itself causes. */
  readonly violations?: readonly string[];
}

const types = ['Patient', 'Observation', 'Condition'];
const someTypes = { resourceTypes: types };
const since = '2020-01-01T00:00:00Z';
const filters = (count: number) =>
  Array.from({ length: count }, (_, index) => `Condition?code=${'1'.repeat(60)}${index}`);
const oneLine = { warnings: ['lines-quarantined'], missing: /^Patient\// };

const expectations: readonly Expectation[] = [
  { scenario: 'well-behaved', rules: '#accept #complete' },
  { scenario: 'strict-accept', rules: '#accept' },
  {
    scenario: 'well-behaved',
    rules: '#negotiation',
    request: { patients: ['a-195900.E-1'], resourceTypes: ['Patient'] },
    missing: /^(?!Patient\/a-195900\.E-1 )/,
  },
  { scenario: 'string-details', rules: '#error-bodies' },
  { scenario: 'scopes-of-version-2', rules: '#error-message', error: 'token-refused' },

  {
    scenario: 'exact-scopes',
    rules: '#complete',
    scope: 'system/Patient.rs',
    provider: { exportScopes: { version: 'v2', extras: 'system/Group.rs' } },
    request: someTypes,
    missing: new RegExp(`^(?!${types.join('|')})`),
  },
  {
    scenario: 'exact-scopes',
    rules: '#negotiation #error-message',
    scope: 'system/Patient.rs',
    request: someTypes,
    error: 'ehr-forbidden',
  },
  { scenario: 'refuses-scope', rules: '#error-message', error: 'token-refused' },
  { scenario: 'refuses-scope', rules: '#complete', scope: '' },
  {
    scenario: 'refuses-scope',
    rules: '#complete',
    scope: '',
    request: someTypes,
    missing: new RegExp(`^(?!${types.join('|')})`),
  },

  { scenario: 'busy-at-kick-off', rules: '#busy-at-kick-off' },
  { scenario: 'one-export-until-deleted', rules: '#done-signal', after: 'an export' },
  // A gateway that answers 502 or 504 may have passed the kick-off on.
  { scenario: 'too-many-active-exports', rules: '#busy-at-kick-off', after: 'an export' },
  { scenario: 'duplicate-export', rules: '#busy-at-kick-off' },
  { scenario: 'exported-too-recently', rules: '#busy-at-kick-off' },
  {
    scenario: 'refuses-patient-alone',
    rules: '#negotiation',
    request: { resourceTypes: ['Patient'] },
    dropped: ['_type'],
    warnings: ['types-not-asked'],
    missing: /^(?!Patient)/,
  },
  { scenario: 'kick-off-outage', rules: '#error-bodies', warnings: ['kick-off-repeated'] },
  { scenario: 'lost-kick-off-answer', rules: '#lost-kick-off', warnings: ['kick-off-repeated'] },
  { scenario: 'relative-content-location', rules: '#relative-urls' },
  { scenario: 'no-content-location', rules: '#error-message', error: 'kick-off-not-understood' },
  { scenario: 'group-level-only', rules: '#negotiation' },
  { scenario: 'any-group-id', rules: '#negotiation', groupId: 'systemlist|12/34 ä?#%2F' },
  { scenario: 'refuses-since', rules: '#negotiation', request: { since }, dropped: ['_since'] },
  {
    scenario: 'refuses-type',
    rules: '#negotiation #types-unasked',
    request: someTypes,
    dropped: ['_type'],
    warnings: ['types-not-asked'],
    missing: new RegExp(`^(?!${types.join('|')})`),
  },
  {
    scenario: 'refuses-type-filter',
    rules: '#negotiation',
    request: { typeFilters: filters(1) },
    error: 'type-filter-refused',
  },
  {
    scenario: 'refuses-type-filter',
    rules: '#negotiation',
    request: { typeFilters: filters(2), allowUnfiltered: true },
    dropped: ['_typeFilter'],
  },
  {
    scenario: 'refuses-type-value',
    rules: '#negotiation #types-missing',
    request: someTypes,
    dropped: ['_type=Observation'],
    missing: /^(?!Patient|Condition)/,
  },
  { scenario: 'refuses-since-unnamed', rules: '#error-message', request: { since }, error: 'ehr-rejected' },
  {
    scenario: 'refuses-all-parameters',
    rules: '#negotiation',
    request: { since, typeFilters: filters(1), allowUnfiltered: true },
    dropped: ['_since', '_typeFilter'],
  },
  {
    scenario: 'no-data-since',
    rules: '#negotiation',
    after: 'an export',
    changes: true,
    warnings: ['no-changes'],
    counts: { files: 0 },
  },
  {
    scenario: 'since-fails',
    rules: '#negotiation #error-message',
    request: { since },
    error: 'ehr-unavailable',
  },
  { scenario: 'since-fails-named', rules: '#negotiation', request: { since }, dropped: ['_since'] },
  { scenario: 'demands-output-format', rules: '#negotiation' },
  {
    scenario: 'demands-output-format',
    rules: '#negotiation',
    request: someTypes,
    missing: new RegExp(`^(?!${types.join('|')})`),
  },
  { scenario: 'demands-type', rules: '#negotiation' },
  { scenario: 'location-header', rules: '#negotiation' },
  { scenario: 'refuses-post', rules: '#negotiation', request: { typeFilters: filters(40) }, dropped: ['POST'] },
  { scenario: 'refuses-get', rules: '#negotiation', dropped: ['GET'] },

  { scenario: 'retry-after-seconds', rules: '#retry-after' },
  { scenario: 'retry-after-date', rules: '#retry-after' },
  { scenario: 'retry-after-epoch', rules: '#retry-after' },
  { scenario: 'retry-after-five-hours', rules: '#retry-after' },
  { scenario: 'retry-after-negative', rules: '#retry-after' },
  { scenario: 'retry-after-text', rules: '#retry-after' },
  { scenario: 'no-retry-after', rules: '#retry-after' },
  { scenario: 'throttled-status', rules: '#transient-errors' },
  { scenario: 'transient-client-error', rules: '#transient-errors' },
  { scenario: 'transient-server-error', rules: '#transient-errors' },
  { scenario: 'status-outage', rules: '#transient-errors #error-bodies' },
  { scenario: 'html-status', rules: '#error-bodies' },
  { scenario: 'failed-export', rules: '#status-terminal', error: 'export-failed-at-ehr' },
  { scenario: 'forgotten-export', rules: '#status-terminal', error: 'export-gone' },
  { scenario: 'gone-export', rules: '#status-terminal', error: 'export-gone' },

  { scenario: 'partial-manifest', rules: '#partial-manifest' },
  { scenario: 'export-status-header', rules: '#partial-manifest' },
  { scenario: 'paged-manifest', rules: '#manifest-paging' },
  { scenario: 'relative-urls', rules: '#relative-urls' },
  {
    scenario: 'missing-types',
    rules: '#types-missing',
    request: someTypes,
    warnings: ['types-missing'],
    missing: /^(?!Observation|Condition)/,
  },
  {
    scenario: 'unwanted-types',
    rules: '#types-unasked',
    request: someTypes,
    warnings: ['types-not-asked'],
    missing: new RegExp(`^(?!${types.join('|')}|Practitioner|Location)`),
  },
  {
    scenario: 'empty-output',
    rules: '#complete',
    warnings: ['nothing-received', 'watermarks-held'],
    counts: { files: 0 },
    missing: /./,
  },
  {
    scenario: 'wrong-counts',
    rules: '#counts-reconcile',
    warnings: ['count-mismatch', 'watermarks-held'],
    counts: { filesFailed: 0 },
  },
  { scenario: 'no-counts', rules: '#counts-reconcile' },
  {
    scenario: 'lost-type',
    rules: '#partial-success',
    request: someTypes,
    warnings: ['types-missing', 'reported-by-ehr', 'watermarks-held'],
    missing: /^(?!Observation|Condition)/,
  },
  {
    scenario: 'mixed-error-file',
    rules: '#partial-success',
    warnings: [
      'reported-by-ehr',
      'reported-by-ehr',
      'reported-by-ehr',
      'reported-by-ehr',
      'lines-quarantined',
      'watermarks-held',
    ],
    quarantined: ['invalid-json'],
  },
  { scenario: 'stu4-manifest', rules: '#partial-success', warnings: ['reported-by-ehr'] },

  { scenario: 'parameters-manifest', rules: '#complete' },

  { scenario: 'token-for-files', rules: '#file-token' },
  { scenario: 'signed-links', rules: '#file-token' },
  { scenario: 'separate-file-host', rules: '#file-token' },
  { scenario: 'token-trap', rules: '#file-token' },
  {
    scenario: 'links-at-other-origin',
    rules: '#file-token',
    allowed: 'the other origin',
  },
  { scenario: 'links-at-other-origin', rules: '#file-token #error-message', error: 'origin-not-allowed' },
  {
    scenario: 'links-at-internal-name',
    rules: '#file-token',
    allowed: 'the internal name',
  },
  { scenario: 'links-at-internal-name', rules: '#file-token #error-message', error: 'origin-not-allowed' },
  { scenario: 'redirected-files', rules: '#redirect-token' },
  {
    scenario: 'redirect-to-private-address',
    rules: '#redirect-token #egress',
    warnings: ['files-failed', 'watermarks-held'],
    missing: /^Patient\//,
  },
  { scenario: 'short-tokens', rules: '#token-renewal' },
  // A client cannot know that a token was revoked before a request is refused.
  { scenario: 'token-expires-in-export', rules: '#token-renewal', violations: ['token', 'token'] },
  { scenario: 'expired-links', rules: '#fresh-links' },
  { scenario: 'expired-links-forbidden', rules: '#fresh-links' },
  {
    scenario: 'missing-file',
    rules: '#fresh-links',
    warnings: ['files-failed', 'watermarks-held'],
    missing: /^Patient\//,
  },

  { scenario: 'lost-connection', rules: '#resume' },
  { scenario: 'refused-connection', rules: '#resume' },
  { scenario: 'cut-before-content-length', rules: '#clean-end' },
  { scenario: 'cut-chunked', rules: '#clean-end' },
  { scenario: 'cut-gzip', rules: '#clean-end' },
  { scenario: 'cut-close-delimited-gzip', rules: '#clean-end' },
  { scenario: 'short-content-length', rules: '#counts-reconcile' },
  { scenario: 'short-chunked', rules: '#counts-reconcile' },
  { scenario: 'close-delimited', rules: '#clean-end' },
  { scenario: 'cut-close-delimited', rules: '#counts-reconcile' },
  { scenario: 'failing-files', rules: '#transient-errors' },
  { scenario: 'range-ignored', rules: '#resume' },
  { scenario: 'changed-file', rules: '#resume' },
  { scenario: 'weak-etag', rules: '#resume' },
  { scenario: 'no-etag', rules: '#resume' },

  { scenario: 'split-characters', rules: '#ndjson' },
  { scenario: 'byte-order-mark', rules: '#ndjson' },
  { scenario: 'crlf', rules: '#ndjson' },
  { scenario: 'blank-lines', rules: '#ndjson' },
  { scenario: 'trailing-spaces', rules: '#ndjson' },
  { scenario: 'no-final-newline', rules: '#ndjson' },
  { scenario: 'careless-file', rules: '#ndjson' },
  { scenario: 'control-characters', rules: '#control-characters', differing: /^Patient\// },
  { scenario: 'corrupt-line', rules: '#quarantine', quarantined: ['invalid-json'], ...oneLine },
  { scenario: 'null-line', rules: '#quarantine', quarantined: ['not-an-object'], ...oneLine },
  { scenario: 'array-line', rules: '#quarantine', quarantined: ['not-an-object'], ...oneLine },
  { scenario: 'array-files', rules: '#ndjson' },
  { scenario: 'pretty-files', rules: '#ndjson' },
  { scenario: 'pretty-array-files', rules: '#ndjson' },
  { scenario: 'bundle-files', rules: '#ndjson #error-message', error: 'all-files-failed', missing: /./ },
  { scenario: 'no-id', rules: '#quarantine', quarantined: ['no-id'], ...oneLine },
  { scenario: 'other-type', rules: '#quarantine', quarantined: ['wrong-resource-type'], ...oneLine },
  { scenario: 'invalid-utf8', rules: '#quarantine', quarantined: ['invalid-utf8'], ...oneLine },
  { scenario: 'long-line', rules: '#long-line', quarantined: ['line-too-long'], ...oneLine },
  {
    scenario: 'many-bad-lines',
    rules: '#too-many-bad-lines',
    simulator: { patients: 480 },
    request: { resourceTypes: ['Patient'] },
    error: 'all-files-failed',
    missing: /./,
  },
  { scenario: 'exact-numbers', rules: '#number-text' },

  { scenario: 'duplicate-in-file', rules: '#newest-wins' },
  { scenario: 'duplicate-across-files', rules: '#newest-wins' },
  { scenario: 'older-version-in-later-file', rules: '#newest-wins', counts: { stale: 3 } },
  { scenario: 'subsetted-copy', rules: '#subsetted', counts: { stale: 3 } },
  { scenario: 'unversioned-change', rules: '#newest-wins', after: 'an export' },
  { scenario: 'single-deletions', rules: '#deletions', after: 'an export', changes: true, counts: { deleted: 4 } },
  { scenario: 'bundled-deletions', rules: '#deletions', after: 'an export', changes: true, counts: { deleted: 4 } },
  {
    scenario: 'unreadable-deletions',
    rules: '#deletions',
    after: 'an export',
    changes: true,
    counts: { deleted: 4 },
    warnings: ['lines-quarantined', 'watermarks-held'],
  },
  // An export that has a resource and also lists it as deleted proves nothing, so the resource stays until the next export.
  { scenario: 'late-deleted-resource', rules: '#deletions', after: 'an export', thenChanges: true },

  { scenario: 'restricted-patient', rules: '#complete' },

  { scenario: 'delete-unknown', rules: '#done-signal' },
  { scenario: 'delete-fails', rules: '#done-signal', warnings: ['not-deleted'] },
  { scenario: 'delete-fails-once', rules: '#done-signal' },
];

test.each(expectations)('an export handles the scenario $scenario $rules', async (expected) => {
  const { scenario, request = {}, error, warnings = [], dropped = [], counts = {}, quarantined } = expected;
  await using cases = await startUseCases({
    ...(expected.simulator ? { simulator: expected.simulator } : {}),
    ...(expected.provider === undefined ? {} : { provider: expected.provider }),
    ...(expected.scope === undefined ? {} : { scope: expected.scope }),
    ...(expected.groupId === undefined ? {} : { connection: { groupId: expected.groupId } }),
  });
  const origins = expected.allowed === 'the other origin' ? [cases.simulator.otherOrigin] : [];
  const aliases = expected.allowed === 'the internal name' ? ['http://ehr.internal:8080'] : [];
  await cases.deps.store.connections.saveOrigins({ id: cases.connection.id, origins, aliases });
  if (expected.after) expect(await runExport(cases)).toMatchObject({ phase: 'completed' });
  await cases.orderScenario(scenario);
  const last = expected.changes ? await sinceLastExport(cases) : {};
  const ended = await runExport(cases, { ...last, ...request });

  expect({ phase: ended.phase, error: ended.error?.code }).toEqual({ phase: error ? 'failed' : 'completed', error });
  expect(ended.warnings.map(({ code }) => code)).toEqual([...dropped.map(() => 'parameter-dropped'), ...warnings]);
  const sent = ended.sent && droppedParameters(ended.request, ended.sent);
  expect(sent ?? []).toEqual(dropped);
  expect(ended.counts).toMatchObject(counts);
  // Every line that was read is accounted for.
  if (quarantined) expect(await reasons(cases, ended.id)).toEqual(quarantined);
  if (expected.thenChanges)
    expect(await runExport(cases, await sinceLastExport(cases))).toMatchObject({ phase: 'completed' });
  await expectStored(cases, expected);
  expect(await violations(cases)).toEqual(expected.violations ?? []);
  expect(await unusedFaults(cases)).toEqual([]);
});

async function sinceLastExport(cases: UseCases): Promise<{ since: string }> {
  const [mark] = await cases.deps.store.watermarks.list({ connectionId: cases.connection.id });
  return { since: mark?.transactionTime ?? '' };
}

async function reasons(cases: UseCases, exportId: string): Promise<string[]> {
  const entries = await cases.deps.store.quarantine.list({ filter: { runId: exportId }, scope: 'all', limit: 100 });
  return entries.map(({ reason }) => reason);
}

async function expectStored(cases: UseCases, { error, missing, differing }: Expectation): Promise<void> {
  if (error && !missing) return;
  const { deps, simulator, connection } = cases;
  const { differences } = await compareWithSimulator({ simulator, store: deps.store, connectionId: connection.id });
  const isExpected = (difference: string) =>
    (missing?.test(difference) && difference.endsWith('is served but not stored')) ||
    (differing?.test(difference) && difference.endsWith('differs'));
  expect(differences.filter((difference) => !isExpected(difference))).toEqual([]);
}

async function violations({ control }: UseCases): Promise<string[]> {
  return (await control.violations()).violations.map(({ kind }) => kind).filter((kind) => kind !== 'rate');
}

/** The faults that no request met. A scenario with such a fault tests nothing. */
async function unusedFaults({ control }: UseCases): Promise<unknown[]> {
  return (await control.orders()).filter(({ applied }) => applied === 0);
}
