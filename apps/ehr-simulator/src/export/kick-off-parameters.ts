import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { SimulatorOptions } from '../options/options.ts';
import type { Practice } from '../practice/practice.ts';

const supported = ['_type', '_since', '_outputFormat', '_typeFilter'];
/** The three spellings of the specification. */
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];

/**
 * Reads and checks the parameters of a kick-off. The returned `parameters` are as the client sent them.
 * @throws OutcomeError 400 that names the unsupported parameter.
 */
export function kickOffParameters(
  req: Request,
  { options, practice }: { readonly options: SimulatorOptions; readonly practice: Practice },
) {
  const parameters = requestParameters(req);
  const refused = parameters.find(
    ([name]) => !supported.includes(name) || options.unsupportedParameters.includes(name),
  );
  if (refused) throw unsupported(`The parameter ${refused[0]} is not supported.`);
  const format = valuesOf(parameters, '_outputFormat').find((value) => !outputFormats.includes(value));
  if (format) throw unsupported('The parameter _outputFormat must be application/fhir+ndjson.');
  const types = valuesOf(parameters, '_type').flatMap((value) => value.split(','));
  const knownTypes = practice.types;
  const unknown = types.find((type) => !knownTypes.includes(type));
  if (unknown !== undefined) throw unsupported(`The parameter _type names ${unknown}, which is not supported.`);
  return { types: types.length === 0 ? knownTypes : [...new Set(types)], sinceMs: sinceOf(parameters), parameters };
}

function valuesOf(parameters: readonly KickOffParameter[], name: string): string[] {
  return parameters.filter(([key]) => key === name).map(([, value]) => value);
}

function sinceOf(parameters: readonly KickOffParameter[]): number | undefined {
  const [since] = valuesOf(parameters, '_since');
  if (since === undefined) return undefined;
  const sinceMs = Date.parse(since);
  if (!/^\d{4}-\d\d-\d\dT/.test(since) || Number.isNaN(sinceMs))
    throw unsupported('The parameter _since must be an instant.');
  return sinceMs;
}

function unsupported(text: string): OutcomeError {
  return new OutcomeError({ status: 400, code: 'not-supported', text });
}

export type KickOffParameter = readonly [name: string, value: string];

/**
 * Reads the parameters of a kick-off from the query or from a Parameters resource.
 * @throws OutcomeError 400 if the body is not a Parameters resource.
 */
export function requestParameters(req: Request): KickOffParameter[] {
  // From the URL, because Express turns repeated or bracketed names into arrays or objects.
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

function fromParameters({ resourceType, parameter = [] }: ParametersResource): KickOffParameter[] {
  if (resourceType !== 'Parameters') throw noParameters();
  return parameter.map(({ name, ...values }) => [name, String(Object.values(values)[0])]);
}

function noParameters(): OutcomeError {
  return new OutcomeError({ status: 400, code: 'not-supported', text: 'The body must be a Parameters resource.' });
}
