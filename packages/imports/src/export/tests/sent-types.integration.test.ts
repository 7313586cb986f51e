import { type Handler, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BulkExport } from '../index.ts';
import { bulkRoutes, capabilities } from '../testing/bulk-routes.ts';
import { runExportSinceLast } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// A server that declares types and does not export all of them, to a client that names the types or that does not.

const declared = ['Patient', 'Goal', 'Group', 'ValueSet'];
const lines: Readonly<Record<string, readonly string[]>> = {
  Patient: ['p1', 'p2'],
  Goal: ['g1', 'g2', 'g3'],
  Group: ['group1'],
  ValueSet: ['v1'],
};
const outcome = (text: string) => ({
  status: 400,
  body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'value', diagnostics: text }] },
});

let server: ScriptedServer;
let cases: UseCases;
/** The types that the server refuses by name. Nothing has changed since its first export. */
let refused: readonly string[];
let demandsTypes: boolean;
let exports: number;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

const kickOff: Handler = ({ query }) => {
  const named = (query.get('_type') ?? '').split(',').filter((type) => type !== '');
  const unsupported = named.find((type) => refused.includes(type));
  if (unsupported !== undefined) return outcome(`The resource type ${unsupported} is not supported`);
  if (demandsTypes && named.length === 0) return outcome('_type is required');
  const all = declared.filter((type) => !refused.includes(type));
  const sent = query.has('_since') ? [] : named.length > 0 ? named : all;
  return { status: 202, headers: { 'content-location': `/status/${exports++}?types=${sent.join()}` } };
};

const status: Handler = ({ query }) => {
  const types = (query.get('types') ?? '').split(',').filter((type) => type !== '');
  const output = types.map((type) => ({ type, url: `/files/${type}` }));
  const transactionTime = new Date(Date.UTC(2024, 1, exports)).toISOString();
  return { body: { transactionTime, requiresAccessToken: false, output, deleted: [] } };
};

const file: Handler = ({ path }) => {
  const type = path.split('/').at(-1) ?? '';
  const content = { resourceType: type, meta: { lastUpdated: '2024-01-01T00:00:00Z' } };
  return (lines[type] ?? []).map((id) => `${JSON.stringify({ ...content, id })}\n`).join('');
};

async function start({ listsTypes = false, refuses = ['Goal'], demands = false } = {}): Promise<void> {
  [refused, demandsTypes, exports] = [refuses, demands, 1];
  const routes = { '/metadata': capabilities(...declared), '*/$export': kickOff, '/status*': status, '/files*': file };
  server = await startScriptedServer({ ...bulkRoutes({}), ...routes });
  cases = await startUseCases({
    connection: { fhirEndpoint: server.url, auth: { method: 'none' } },
    provider: { kickOff: { listsTypes } },
  });
}

const exportLast = (resourceTypes?: readonly string[]) => runExportSinceLast(cases, resourceTypes);

const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const stored = (resourceType: string) =>
  cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });

describe('an export of every type that names the types', () => {
  test('does not count for a type that the EHR refused, which a later export gets in full', async () => {
    await start({ listsTypes: true });
    const first = await exportLast();
    expect([first.phase, await stored('Patient'), await stored('Goal')]).toEqual(['completed', lines.Patient, []]);
    // While the type is refused, the other types continue.
    const second = await exportLast();
    expect([second.sent?.since, codes(second)]).toEqual([expect.any(String), ['parameter-dropped']]);
    refused = [];
    const changes = await exportLast();
    expect([changes.sent?.since, codes(changes)]).toEqual([expect.any(String), ['type-added']]);
    expect(changes.watermarkDecisions).toContainEqual({ resourceType: 'Goal', reasons: ['gap'] });
    const full = await exportLast();
    expect([full.sent?.since, codes(full)]).toEqual([undefined, expect.arrayContaining(['since-last-full'])]);
    expect(await stored('Goal')).toEqual(lines.Goal);
    const last = await exportLast();
    expect([last.sent?.since, codes(last)]).toEqual([expect.any(String), []]);
  });

  test('does not count for a refused type that is then requested by name', async () => {
    await start({ listsTypes: true });
    await exportLast();
    refused = [];
    const ended = await exportLast(['Goal']);
    expect([ended.sent?.since, codes(ended)]).toEqual([undefined, ['since-last-full', 'deletions-not-listed']]);
    expect(await stored('Goal')).toEqual(lines.Goal);
  });

  test.each([
    { what: 'by the provider', options: { listsTypes: true } },
    { what: 'as the EHR demands', options: { demands: true } },
  ])('does not count for a type that it did not name $what', async ({ options }) => {
    await start({ ...options, refuses: [] });
    const first = await exportLast();
    expect(first.sent?.types).toEqual(['Patient', 'Goal']);
    expect((await exportLast()).sent?.since).toBeDefined();
    await exportLast(['ValueSet']);
    expect(await stored('ValueSet')).toEqual(lines.ValueSet);
  });
});

test('an export of every type that names none counts for each type that the EHR declares', async () => {
  await start({ refuses: [] });
  await exportLast();
  expect(await stored('ValueSet')).toEqual(lines.ValueSet);
  const next = await exportLast(['Goal', 'ValueSet']);
  expect([next.sent?.since, codes(next)]).toEqual([expect.any(String), []]);
});
