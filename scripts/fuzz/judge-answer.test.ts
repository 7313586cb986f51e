import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type ApiDocument, operationsOf } from './api-operations.ts';
import { createJudge } from './judge-answer.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);
const document = JSON.parse(readFileSync(file, 'utf8')) as ApiDocument;
const { judge } = createJudge(document);
const operation = operationsOf(document).find(({ operationId }) => operationId === 'listConnections');
const json = (status: number, body: unknown) => ({
  status,
  contentType: 'application/json; charset=utf-8',
  text: JSON.stringify(body),
});
const failure = (code: string) => ({ success: false, error: { code, message: 'm' } });

describe('an answer', () => {
  test.each([
    { what: 'as documented', answer: json(200, { success: true, data: [] }) },
    { what: 'with a documented error', answer: json(401, failure('unauthenticated')) },
  ])('$what is good', ({ answer }) => {
    expect(judge(operation, answer)).toBeUndefined();
  });

  test.each([
    { what: 'of a server error', kind: 'server-error', answer: json(500, failure('internal')) },
    { what: 'that never came', kind: 'server-error', answer: { status: 599, contentType: '', text: 'reset' } },
    { what: 'with another status', kind: 'undocumented', answer: json(418, failure('teapot')) },
    { what: 'with another field', kind: 'undocumented', answer: json(200, { success: true, data: [], more: 1 }) },
    { what: 'with a field of another type', kind: 'undocumented', answer: json(200, { success: true, data: [{}] }) },
    { what: 'of another content type', kind: 'undocumented', answer: { ...json(200, {}), contentType: 'text/html' } },
    {
      what: 'with a stack trace',
      kind: 'undocumented',
      answer: { ...json(401, {}), text: 'Error: x\n    at f (/srv/app.ts:12:3)' },
    },
  ])('$what is found', ({ answer, kind }) => {
    expect(judge(operation, answer)).toMatchObject({ kind });
  });
});
