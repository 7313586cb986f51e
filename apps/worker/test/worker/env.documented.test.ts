import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditEnvShape } from '@bulkhead/access/audit';
import { apiEnvSchema } from '@bulkhead/api';
import { processEnvShape } from '@bulkhead/base';
import { encryptionEnvShape } from '@bulkhead/base/encryption';
import { simulatorEnvSchema } from '@bulkhead/ehr-simulator';
import { serveEnvSchema } from '@bulkhead/serve';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { workerEnvSchema } from '../../src/env.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const page = 'docs/env.md';
const shared = Object.keys({ ...processEnvShape, ...encryptionEnvShape, ...auditEnvShape });

/** The variables of a schema: `required`, the default as text, or undefined if the code decides. */
function defaultsOf(schema: z.ZodType): Record<string, string | undefined> {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const value = typeof property === 'object' ? property.default : undefined;
      if (required.includes(name)) return [name, 'required'];
      return [name, value === undefined || value === '' ? undefined : `\`${value}\``];
    }),
  );
}

/**
 * The variables of a section of a page, which may be in a column after that of the options. A default without backticks is decided by
 * code, so no schema has it.
 */
function documentedIn(path: string, section: string): Record<string, string | undefined> {
  const [, text = ''] = readFileSync(join(root, path), 'utf8').split(`\n## ${section}\n`);
  const rows = [
    ...(text.split('\n## ')[0] ?? '').matchAll(/^\| (?:`[a-zA-Z]+` \| )?`([A-Z_]+)` \| ?(.*?) ?\| .+ \|$/gm),
  ];
  return Object.fromEntries(
    rows.map(([, name, value = '']) => [name, value.startsWith('`') || value === 'required' ? value : undefined]),
  );
}

const pick = (all: Record<string, string | undefined>, isWanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => isWanted(name)));
const isOwn = (name: string) => !shared.includes(name);

test.each([
  {
    path: page,
    section: 'All processes',
    expected: pick(defaultsOf(apiEnvSchema), (name) => shared.includes(name)),
  },
  { path: page, section: 'The API', expected: pick(defaultsOf(apiEnvSchema), isOwn) },
  {
    path: page,
    section: 'serve',
    expected: pick(defaultsOf(serveEnvSchema), (name) => !Object.hasOwn(apiEnvSchema.shape, name)),
  },
  { path: page, section: 'A worker', expected: pick(defaultsOf(workerEnvSchema), isOwn) },
  { path: 'apps/ehr-simulator/README.md', section: 'Options', expected: defaultsOf(simulatorEnvSchema) },
])(
  '$path lists every variable of the section “$section” with its default, and no other',
  ({ path, section, expected }) => {
    expect(documentedIn(path, section)).toStrictEqual(expected);
  },
);
