import { errorSchema } from '../endpoints/common.schema.ts';
import { httpStatus } from '../http-status.ts';
import { errorCodes } from './create-api-document.ts';
import type { Operation } from './operation.ts';
import { operationsAt } from './operations-at.ts';

/** What of an answer the API's document does not say; undefined where it is as documented. */
export function answerFault(answer: {
  readonly method: string;
  /** With or without its query. */
  readonly path: string;
  readonly status: number;
  /** The parsed body; undefined for anything but JSON. */
  readonly body: unknown;
}): string | undefined {
  const { method, path, status, body } = answer;
  const operation = operationsAt(path).find((one) => one.method === method.toLowerCase());
  if (!operation) return undefined;
  const where = `${method} ${operation.path} answers ${status}`;
  const expected = operation.answers[status];
  if (expected)
    return expected.schema && body !== undefined ? mismatch({ where, schema: expected.schema, body }) : undefined;
  const codes = errorCodes(operation).filter((code) => httpStatus[code] === status);
  if (codes.length === 0) return `${where}, which is not documented`;
  const { code } = (body as { error?: { code?: unknown } } | undefined)?.error ?? {};
  if (!codes.some((one) => one === code)) return `${where} ${String(code)}, which is not documented`;
  return mismatch({ where, schema: errorSchema, body });
}

function mismatch(options: {
  readonly where: string;
  readonly schema: NonNullable<Operation['answers'][number]['schema']>;
  readonly body: unknown;
}): string | undefined {
  const { where, schema, body } = options;
  const { error } = schema.safeParse(body);
  if (!error) return undefined;
  const issues = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return `${where} with a body other than documented: ${issues.join('; ')}`;
}
