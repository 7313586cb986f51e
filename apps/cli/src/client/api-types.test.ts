import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import openapiTypescript, { astToString, COMMENT_HEADER } from 'openapi-typescript';

test('the client is generated from the API’s document: `pnpm docs:openapi` does it', async () => {
  const document = new URL('../../../../docs/openapi.json', import.meta.url);
  const generated = `${COMMENT_HEADER}${astToString(await openapiTypescript(document))}`;
  expect(readFileSync(new URL('api-types.ts', import.meta.url), 'utf8')).toBe(generated);
}, 60_000);
