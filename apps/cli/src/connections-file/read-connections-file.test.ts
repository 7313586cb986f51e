import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { knownFields, readConnectionsFile, toConnectionsFile } from './read-connections-file.ts';
import { maxFileBytes } from './yaml-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'secret'), 'of-file\n');
writeFileSync(join(folder, 'empty'), '\n');
writeFileSync(join(folder, 'patients.txt'), 'p1\n\np2\n');
writeFileSync(join(folder, 'key.json'), '{"kty":"EC"}');
writeFileSync(join(folder, 'wrong.json'), '{"kty":');

const read = (text: string, env = {}) => toConnectionsFile(text, { env, folder });
const mistakesOf = (text: string) => read(text).mistakes.map(({ line, message }) => `${line}: ${message}`);

test('an entry has what is shared, its secrets from variables and files, and its patients from a file', () => {
  const { entries, mistakes } = read(
    `
defaults:
  provider: athenahealth
  auth: { method: client_credentials, scopeVersion: v2, clientSecret: { env: SECRET } }
  schedules: [{ kind: export, cron: 0 2 * * *, timeZone: UTC }]
connections:
  First:
    practiceId: "1"
    auth: { clientId: a }
    schedules: []
  Second practice:
    auth: { clientSecret: { file: secret } }
    webhook: { url: https://client.example, secret: { env: SECRET } }
    cohorts: { c: { file: patients.txt }, d: { patients: [p3] } }
  42:
    auth: { method: private_key_jwt, privateKey: { file: key.json } }
`,
    { SECRET: 'of-env' },
  );
  expect(mistakes).toEqual([]);
  const schedules = [{ kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' }];
  const shared = { method: 'client_credentials', scopeVersion: 'v2', clientSecret: 'of-env' };
  expect(entries).toEqual(
    expect.arrayContaining([
      { name: 'First', provider: 'athenahealth', practiceId: '1', auth: { ...shared, clientId: 'a' }, schedules: [] },
      {
        name: 'Second practice',
        provider: 'athenahealth',
        auth: { ...shared, clientSecret: 'of-file' },
        webhook: { url: 'https://client.example', secret: 'of-env' },
        cohorts: { c: { patients: ['p1', 'p2'] }, d: { patients: ['p3'] } },
        schedules,
      },
      {
        name: '42',
        provider: 'athenahealth',
        auth: { ...shared, method: 'private_key_jwt', privateKey: { kty: 'EC' } },
        schedules,
      },
    ]),
  );
});

test('every mistake is listed with its line', () => {
  const text = `connection: {}
defaults: { auth: { clientSecret: text } }
connections:
  A: { auth: {} }
  B: { auth: { clientSecret: { env: NONE } }, name: b }
  A:
    auth: { clientSecret: { file: missing } }
  C:
    provider: x
    provider: y
    auth: { clientSecret: { file: empty }, privateKey: { file: wrong.json } }
  D: [1]
  E: { auth: { clientSecret: { env: A, file: b } }, cohorts: { c: { file: none.txt } } }
  F: *shared
  " G": {}
  ? [a]
  : 1
`;
  expect(mistakesOf(text).toSorted((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))).toEqual([
    '1: connection is not a field of this object. Did you mean connections?',
    expect.stringMatching(/^2: A: auth.clientSecret must be .* because a secret is not written in this file$/),
    expect.stringMatching(/^2: D: auth.clientSecret/),
    expect.stringMatching(/^2: F: auth.clientSecret/),
    expect.stringMatching(/^2: {2}G: auth.clientSecret/),
    '5: B: name is the key of the connection. Remove the field',
    '5: B: auth.clientSecret is in the environment variable NONE, which is not set',
    '6: A was already given in line 4',
    '10: provider was already given in line 9',
    '11: C: auth.clientSecret is in empty, which is empty',
    '11: C: auth.privateKey begins as JSON and is not valid JSON',
    '12: D must have fields',
    expect.stringMatching(/^13: E: auth.clientSecret must be /),
    '13: E: cohorts.c are in none.txt, which cannot be read (ENOENT)',
    expect.stringMatching(/^14: \*shared is an alias, and aliases are not followed/),
    '15: " G" begins or ends with a space',
    '16: a key must be a text',
  ]);
});

test.each([
  { what: 'broken syntax', text: 'connections:\n  A: {\n  B: 1', says: /^[23]: / },
  { what: 'two documents', text: 'connections: {}\n---\nconnections: {}', says: /^2: begins a second document/ },
  { what: 'nothing', text: '', says: /^1: the file has no/ },
  { what: 'a list', text: '- a', says: /^1: the file must have fields/ },
  { what: 'deep nesting', text: `connections: ${'['.repeat(100)}`, says: /^1: is more than 30 levels deep/ },
  { what: 'an unknown tag', text: 'connections: !secret {}', says: /^1: Unresolved tag/ },
])('a file with $what is refused with the line', ({ text, says }) => {
  expect(mistakesOf(text)[0]).toMatch(says);
});

test('a mistake that the API finds has the line of its field, also of a shared one, and the name that is probably meant', () => {
  const file = read('defaults:\n  environment: x\nconnections:\n  A:\n    practiceID: 1\n    auth:\n      scope: y\n');
  for (const path of ['environment', 'practiceID', 'auth.scope', 'auth.clientId', 'fhirEndpoint'])
    file.addFault('A', { path, message: 'is not a field of this object' });
  file.addFault('A', { path: 'practiceID', message: 'must be a string' });
  expect(file.mistakes.map(({ line }) => line)).toEqual([2, 5, 7, 6, 4, 5]);
  expect(file.mistakes.at(-1)?.message).toBe('A: practiceID must be a string: write a number in quotes');
  expect(file.mistakes[1]?.message).toBe('A: practiceID is not a field of this object. Did you mean practiceId?');
});

test('names of fields that every object has are fields of a file like others', () => {
  const { entries } = read('connections: { __proto__: { provider: x }, constructor: { provider: y } }');
  expect(entries.map(({ name, provider }) => [name, provider])).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('a file that is too large is refused with the reason before it is read', () => {
  const file = join(folder, 'large.yaml');
  writeFileSync(file, '');
  truncateSync(file, maxFileBytes + 1);
  expect(() => readConnectionsFile(file, {})).toThrow(/is larger than 24 MB, for which its parser would need/);
});

test('a misspelt field is compared with every field that the API takes', () => {
  const { components } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../api/openapi.json'), 'utf8'));
  const namesIn = (schema: unknown): string[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const { properties = {}, $ref, ...others } = schema as { properties?: object; $ref?: string };
    const named = $ref === undefined ? undefined : components.schemas[$ref.split('/').at(-1) ?? ''];
    return [...Object.keys(properties), ...[...Object.values({ ...properties, ...others }), named].flatMap(namesIn)];
  };
  const names = new Set(namesIn(components.schemas.DesiredConnection));
  expect(names.size).toBeGreaterThan(30);
  // The key of an entry is its name.
  expect([...names].filter((name) => name !== 'name' && !knownFields.includes(name))).toEqual([]);
});
