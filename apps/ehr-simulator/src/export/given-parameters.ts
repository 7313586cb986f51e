import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';

export type GivenParameter = readonly [name: string, value: string];

/**
 * What a kick-off asks for, from the query or from a Parameters resource.
 * @throws OutcomeError 400 for a body that is none.
 */
export function givenParameters(req: Request): GivenParameter[] {
  // From the URL itself: Express would make an array or an object of a repeated or bracketed name.
  if (req.method !== 'POST') return [...new URL(req.originalUrl, 'http://simulator').searchParams.entries()];
  try {
    return fromParameters(JSON.parse(String(req.body)));
  } catch (error) {
    if (error instanceof OutcomeError) throw error;
    throw noParameters();
  }
}

interface ParametersResource {
  readonly resourceType?: string;
  readonly parameter?: readonly { readonly name: string; readonly [value: string]: unknown }[];
}

function fromParameters({ resourceType, parameter = [] }: ParametersResource): GivenParameter[] {
  if (resourceType !== 'Parameters') throw noParameters();
  return parameter.map(({ name, ...values }) => [name, String(Object.values(values)[0])]);
}

function noParameters(): OutcomeError {
  return new OutcomeError({ status: 400, code: 'not-supported', text: 'The body must be a Parameters resource.' });
}
