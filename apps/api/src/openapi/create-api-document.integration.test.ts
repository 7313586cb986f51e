import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { actions } from '../actions.ts';
import { listRoutes } from '../testing/list-routes.ts';
import { startApi, type TestApi } from '../testing/start-api.ts';
import { createApiDocument } from './create-api-document.ts';
import { operationGroups } from './operation-groups.ts';

const operations = operationGroups.flatMap((group) => group.operations);

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('the document of the API', () => {
  test('has every route of the router, and no other', () => {
    const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const routes = listRoutes().map(({ method, name }) => name.replace(`${method} `, `${method} /api/ehr`));
    const browsers = ['GET /api/ehr/authorize/start', 'GET /api/ehr/:provider/launch', 'GET /api/ehr/callback'];
    const others = ['GET /.well-known/jwks.json', 'GET /health', 'GET /metrics', 'GET /ready'];
    expect(documented.toSorted()).toEqual([...routes, ...browsers, ...others].toSorted());
  });

  test('says of each whose key it needs, as the table of actions does', () => {
    for (const { method, name, action } of listRoutes()) {
      const at = name.replace(`${method} `, '/api/ehr');
      const operation = operations.find((one) => one.path === at && one.method === method.toLowerCase());
      const role = action && actions[action].role;
      expect([name, operation?.access === 'operator']).toEqual([name, role === 'operator']);
    }
  });

  test('is the one in the repository: `pnpm docs:openapi` writes it', () => {
    const file = new URL('../../../../docs/openapi.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(createApiDocument())));
  });

  test('has an example for every body and every JSON answer, and each is what its schema says', () => {
    const wrong = operations.flatMap(({ id, body, answers }) => [
      ...(body?.schema && !body.schema.safeParse(body.example).success ? [`${id}: body`] : []),
      ...Object.entries(answers).flatMap(([status, { schema, example }]) => {
        if (!schema) return [];
        const isPlain = schema.safeParse(example).success;
        return isPlain || schema.safeParse({ success: true, data: example }).success ? [] : [`${id}: ${status}`];
      }),
    ]);
    expect(wrong).toEqual([]);
  });

  test('names no operation twice, and its schemas are JSON Schema', () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const { components } = createApiDocument();
    for (const [name, schema] of Object.entries(components?.schemas ?? {})) {
      const root = { $id: `document/${name}`, components: { schemas: components?.schemas }, ...(schema as object) };
      expect(() => ajv.compile(root)).not.toThrow();
    }
  });

  test('is given out without a key, and shown to people without anything from elsewhere', async () => {
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
});
