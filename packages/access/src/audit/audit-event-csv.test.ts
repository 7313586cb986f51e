import { expect, test } from '@jest/globals';
import { auditCsvHeader, toAuditCsvLine } from './audit-event-csv.ts';

const event = {
  id: 'evt_1',
  at: '2026-05-01T10:00:00.000Z',
  actor: { kind: 'api-key' as const, id: 'key_1', name: 'reporting', role: 'client' },
  action: 'resource.read',
  target: { connectionId: 'conn_1', type: 'Patient' },
  patients: ['p1', 'p2'],
  outcome: 'success' as const,
  expiresAt: '2032-05-01T10:00:00.000Z',
};

/** Reads a line as RFC 4180 describes it. */
const cellsOf = (line: string) =>
  [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  );

function read(change: object): Record<string, string> {
  const cells = cellsOf(toAuditCsvLine({ ...event, ...change }));
  return Object.fromEntries(cellsOf(auditCsvHeader).map((name, index) => [name, cells[index] ?? 'missing']));
}

test('an event is a line with a cell for each column of the header', () => {
  expect(read({})).toMatchObject({
    id: 'evt_1',
    at: event.at,
    actorKind: 'api-key',
    actorName: 'reporting',
    outcome: 'success',
    code: '',
    target: '{"connectionId":"conn_1","type":"Patient"}',
    patients: 'p1 p2',
    hash: '',
  });
  expect(toAuditCsvLine(event)).toMatch(/\r\n$/);
});

test.each(['=HYPERLINK("http://evil.example")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
  'the name %j is text in a spreadsheet and not a formula',
  (name) => {
    expect(read({ actor: { ...event.actor, name } }).actorName).toBe(`'${name}`);
  },
);

test('a name with a comma, quotes and a line break is one cell', () => {
  const name = 'a, "b"\nc';
  expect(read({ actor: { ...event.actor, name } }).actorName).toBe(name);
});
