import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
  services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string | null>> }>>;
};
const passed = new Set(Object.values(services).flatMap(({ environment = {} }) => Object.keys(environment)));
/** Variables of the clients, not of the processes. */
const ofClients = ['BULKHEAD_API_KEY', 'BULKHEAD_URL'];

test.each(['docs/how-to/production-checklist.md', 'docs/retention.md', 'docs/how-to/log-in-people.md'])(
  'compose passes every variable that %s names',
  (page) => {
    const names = [...read(page).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`|^\s*([A-Z]+(?:_[A-Z]+)+)=/gm)].map(
      ([, quoted, set]) => quoted ?? set ?? '',
    );
    const variables = names.filter((name) => !ofClients.includes(name));
    expect(variables.length).toBeGreaterThan(3);
    expect(variables.filter((name) => !passed.has(name))).toEqual([]);
  },
);
