import { type AppError, type ErrorExample, type Fault, invalidRequest, present, validate } from '@bulkhead/base';
import type { Endpoint } from '../define-endpoint.ts';
import { factsOf, type HttpErrorCode } from '../errors/http-errors.ts';
import { readQuery } from '../read-query.ts';

/** All examples of a code. */
export function examplesOf(code: HttpErrorCode): ErrorExample[] {
  return factsOf(code).flatMap(({ message, details, of, examples = [] }) => [
    ...(message === undefined ? [] : [{ message, ...present({ details, of }) }]),
    ...examples,
  ]);
}

/** The examples of a code that an endpoint can return. */
export function errorExamplesOf(code: HttpErrorCode, endpoint: Endpoint): readonly ErrorExample[] {
  const all = examplesOf(code);
  const own = all.filter(({ of }) => of?.includes(endpoint.id));
  const examples = own.length > 0 ? own : all.filter(({ of }) => of === undefined);
  if (code !== 'invalid-request') return examples;
  return examples.map((example) => {
    if (!example.details) return example;
    const details = faultsOf(endpoint);
    return { ...example, message: invalidRequest(details).message, details };
  });
}

/** The faults that the endpoint reports for an empty body or query, or for a query parameter that it does not have. */
function faultsOf(endpoint: Endpoint): readonly Fault[] {
  const { query, searchQuery, body } = endpoint.request;
  for (const schema of [body?.schema, query ?? searchQuery]) {
    const result = schema && validate(schema, {});
    if (result && !result.isValid) return result.faults;
  }
  try {
    readQuery(endpoint, { colour: 'red' });
    return [];
  } catch (error) {
    return (error as AppError).context.details as readonly Fault[];
  }
}
