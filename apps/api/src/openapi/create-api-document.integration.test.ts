import { readFileSync } from 'node:fs';
import { summarizeDocument } from '@bulkhead/http';
import { afterAll, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { createWholeDocument, endpoints } from '../testing/all-endpoints.ts';
import { startApi } from '../testing/start-api.ts';
import { withGettingStarted } from './getting-started.ts';
import { webhookCalls } from './webhook-calls.ts';

// biome-ignore lint/suspicious/noExplicitAny: the parsed document, any part of which a test changes.
type Part = any;

const api = await startApi();
afterAll(() => api.stop());

test('docs/openapi.txt is the summary of the current OpenAPI document (`pnpm docs:openapi` writes it)', () => {
  const file = new URL('../../../../docs/openapi.txt', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(summarizeDocument(createWholeDocument()));
});

test.each([
  {
    what: 'a parameter',
    change: (one: Part) => void one.paths['/health'].get.parameters.push({ in: 'query', name: 'x' }),
  },
  {
    what: 'a code',
    change: (one: Part) => Object.assign(one.paths['/health'].get.responses, { 409: { description: '`x-y`' } }),
  },
  {
    what: 'a field',
    change: (one: Part) => Object.assign(one.components.schemas.ApiKey.properties, { x: { type: 'string' } }),
  },
  { what: 'what is required', change: (one: Part) => void one.components.schemas.ApiKey.required.pop() },
  { what: 'a value', change: (one: Part) => void one.components.schemas.ApiKey.properties.role.enum.pop() },
  { what: 'an operation', change: (one: Part) => void delete one.paths['/health'] },
])('the summary of the OpenAPI document shows a change of $what', ({ change }) => {
  const document = JSON.parse(JSON.stringify(createWholeDocument()));
  document.paths['/health'].get.parameters ??= [];
  const before = summarizeDocument(document);
  change(document);
  expect(summarizeDocument(document)).not.toBe(before);
});

test('docs/api.md has the introduction of the document, as `pnpm docs:openapi` writes it', () => {
  const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
  expect(page).toBe(withGettingStarted(page));
});

test('the OpenAPI document has a valid example for every body and every JSON response', () => {
  const wrong = endpoints.flatMap(({ id, request: { body }, responses }) => [
    ...(body?.schema && !body.schema.safeParse(body.example).success ? [`${id}: body`] : []),
    ...Object.entries(responses).flatMap(([status, { schema, example }]) => {
      if (!schema) return [];
      const isPlain = schema.safeParse(example).success;
      return isPlain || schema.safeParse({ success: true, data: example }).success ? [] : [`${id}: ${status}`];
    }),
  ]);
  expect(wrong).toEqual([]);
});

test('the OpenAPI document has a valid example for the call of every webhook', () => {
  const bodies = Object.values(webhookCalls).map(({ post }) => post?.requestBody?.content['application/json']);
  expect(bodies).toHaveLength(3);
  for (const { schema, example } of bodies.filter((body) => body !== undefined))
    expect((schema as z.ZodType).parse(example)).toEqual(example);
});

test('the OpenAPI document contains valid JSON Schema', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const { components } = createWholeDocument();
  for (const [name, schema] of Object.entries(components?.schemas ?? {})) {
    const root = { $id: `document/${name}`, components: { schemas: components?.schemas }, ...(schema as object) };
    expect(() => ajv.compile(root)).not.toThrow();
  }
});

test('the OpenAPI document is served without a key, and its page loads nothing from other servers', async () => {
  const document = await api.request('GET', '/openapi.json', { authorization: null });
  expect(document.status).toBe(200);
  expect(document.body).toMatchObject({ openapi: '3.1.1', info: { title: 'Bulkhead' } });
  const page = await api.request('GET', '/docs/', { authorization: null });
  expect(page.status).toBe(200);
  const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
  expect(sources.length).toBeGreaterThan(2);
  expect(sources.filter((source) => /^(https?:)?\/\//.test(source))).toEqual([]);
  for (const source of sources) {
    const { pathname } = new URL(source, `${api.baseUrl}/docs/`);
    expect((await api.request('GET', pathname, { authorization: null })).status).toBe(200);
  }
});
