import { invalidRequest } from '@bulkhead/base';
import {
  errorCodes,
  examplesOf,
  factsOf,
  type HttpErrorCode,
  operationOutcomeSchema,
  type ResponseDescription,
  statusOf,
} from '@bulkhead/http';
import { errorSchema } from '@bulkhead/http/schemas';
import { endpointsAt } from './all-endpoints.ts';

/** Says how a response differs from the API's document. @returns undefined if it is as documented */
export function answerFault(answer: {
  readonly method: string;
  /** The path, with or without its query. */
  readonly path: string;
  readonly status: number;
  /** The parsed body, or undefined if it is not JSON. */
  readonly body: unknown;
}): string | undefined {
  const { method, path, status, body } = answer;
  const endpoint = endpointsAt(path).find((candidate) => candidate.method === method.toLowerCase());
  if (!endpoint) return undefined;
  const where = `${method} ${endpoint.path} answers ${status}`;
  const expected = endpoint.responses[status];
  if (expected)
    return expected.schema && body !== undefined ? mismatch({ where, schema: expected.schema, body }) : undefined;
  const codes = errorCodes(endpoint).filter((code) => statusOf(code) === status);
  if (codes.length === 0) return `${where}, which is not documented`;
  const { error = {} } = (endpoint.errorFormat === 'fhir' ? fromOutcome(body) : (body ?? {})) as {
    error?: { code?: unknown; message?: unknown; details?: unknown };
  };
  const { code, message, details } = error;
  const documented = codes.find((candidate) => candidate === code);
  if (!documented) return `${where} ${String(code)}, which is not documented`;
  // An OperationOutcome has the faults of an invalid request as texts only.
  const isTextOnly = endpoint.errorFormat === 'fhir' && documented === 'invalid-request';
  if (!isTextOnly && !isDocumentedMessage(documented, { text: String(message), details }))
    return `${where} with a message that has no example: ${message}`;
  return mismatch({ where, schema: endpoint.errorFormat === 'fhir' ? operationOutcomeSchema : errorSchema, body });
}

/** The code and the message of an OperationOutcome. */
export function fromOutcome(body: unknown) {
  const outcome = operationOutcomeSchema.safeParse(body).data;
  const { coding, text: message } = outcome?.issue[0]?.details ?? {};
  return { error: { code: coding?.[0]?.code, message } };
}

function mismatch(options: {
  readonly where: string;
  readonly schema: NonNullable<ResponseDescription['schema']>;
  readonly body: unknown;
}): string | undefined {
  const { where, schema, body } = options;
  const { error } = schema.safeParse(body);
  if (!error) return undefined;
  const issues = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return `${where} with a body other than documented: ${issues.join('; ')}`;
}

/** Whether the document has this message of an error. A message that contains values is one of many. */
function isDocumentedMessage(code: HttpErrorCode, { text, details }: ShownError): boolean {
  if (code === 'invalid-request' && Array.isArray(details) && invalidRequest(details).message === text) return true;
  return (
    factsOf(code).some(({ message }) => message === undefined) ||
    examplesOf(code).some(({ message }) => withoutValues(message) === withoutValues(text))
  );
}

interface ShownError {
  readonly text: string;
  readonly details: unknown;
}

/** Quoted values, and the type that is suggested for one, differ between messages. */
function withoutValues(text: string): string {
  return text.replace(/"[^"]*"/g, '""').replace(/Did you mean \w+\?/, 'Did you mean?');
}
