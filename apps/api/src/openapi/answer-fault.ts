import { httpStatus } from '../http-status.ts';
import { errorCodes } from './create-api-document.ts';
import type { Operation } from './operation.ts';
import { operationGroups } from './operation-groups.ts';
import { errorSchema } from './schemas/common.schema.ts';

const operations = operationGroups.flatMap((group) => group.operations);

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
  const operation = findOperation({ method, path });
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

function findOperation({ method, path }: { readonly method: string; readonly path: string }): Operation | undefined {
  const [, ...segments] = path.replace(/[?#].*$/s, '').split('/');
  const matches = (operation: Operation) => {
    const [, ...template] = operation.path.split('/');
    return (
      operation.method === method.toLowerCase() &&
      template.length === segments.length &&
      template.every((one, index) => one.startsWith(':') || one === segments[index])
    );
  };
  // `/connections/:id` before `/:provider/…`: as in the router, the one with fewer parameters.
  return operations.filter(matches).toSorted((left, right) => parameters(left) - parameters(right))[0];
}

function parameters({ path }: Operation): number {
  return path.split(':').length;
}
