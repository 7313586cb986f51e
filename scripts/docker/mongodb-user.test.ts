import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runUserScript } from './run-user-script.fixture.ts';

interface Service {
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly volumes?: readonly string[];
}

const text = readFileSync(join(import.meta.dirname, '../../docker/compose.yaml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Readonly<Record<string, Service>> };
const environmentsOf = (name: string) =>
  Object.entries(services).filter(([, service]) => JSON.stringify(service).includes(name));

test('only MongoDB gets the password of its root user', () => {
  expect(environmentsOf('MONGODB_ROOT_PASSWORD').map(([name]) => name)).toEqual(['mongodb']);
});

test('every process uses the user that the script of compose creates, which may only read and write their database', () => {
  expect(services.mongodb?.volumes).toContain('./mongodb:/docker-entrypoint-initdb.d:ro');
  const [created, ...others] = runUserScript('secret');
  expect(others).toEqual([]);
  const processes = environmentsOf('MONGODB_URI');
  expect(processes.map(([name]) => name)).toEqual(expect.arrayContaining(['migrate', 'api', 'worker', 'worker-syncs']));
  for (const [, { environment }] of processes) {
    const uri = new URL(String(environment?.MONGODB_URI).replace(/\$\{MONGODB_PASSWORD:[^}]*\}/, 'secret'));
    expect(created).toEqual({
      database: uri.searchParams.get('authSource'),
      user: { user: uri.username, pwd: uri.password, roles: [{ role: 'readWrite', db: uri.pathname.slice(1) }] },
    });
  }
});
