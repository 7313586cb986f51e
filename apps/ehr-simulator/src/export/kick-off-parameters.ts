import type { Request } from 'express';
import { OutcomeError } from '../http/outcome-error.ts';
import type { Simulator } from '../simulator.ts';

const supported = ['_type', '_since', '_outputFormat', '_typeFilter'];
/** The three spellings of the specification. */
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];

export interface KickOffParameters {
  readonly types: readonly string[];
  readonly sinceMs: number | undefined;
}

/**
 * The parameters of a kick-off, from the query or from a Parameters resource.
 * @throws OutcomeError 400 that names the parameter which cannot be met.
 */
export function kickOffParameters({
  simulator,
  req,
}: {
  readonly simulator: Simulator;
  readonly req: Request;
}): KickOffParameters {
  const given = req.method === 'POST' ? fromBody(req) : fromQuery(req);
  const refused = given.find(
    ([name]) => !supported.includes(name) || simulator.options.unsupportedParameters.includes(name),
  );
  if (refused) throw unsupported(`The parameter ${refused[0]} is not supported.`);
  const format = valuesOf({ given, name: '_outputFormat' }).find((value) => !outputFormats.includes(value));
  if (format) throw unsupported('The parameter _outputFormat must be application/fhir+ndjson.');
  const types = valuesOf({ given, name: '_type' }).flatMap((value) => value.split(','));
  const known = simulator.practice.types;
  const unknown = types.find((type) => !known.includes(type));
  if (unknown !== undefined) throw unsupported(`The parameter _type names ${unknown}, which is not supported.`);
  return { types: types.length === 0 ? known : [...new Set(types)], sinceMs: sinceOf(given) };
}

type Pair = readonly [name: string, value: string];

function fromQuery(req: Request): Pair[] {
  // From the URL itself: Express would make an array or an object of a repeated or bracketed name.
  return [...new URL(req.originalUrl, 'http://simulator').searchParams.entries()];
}

interface Parameter {
  readonly name: string;
  readonly [value: string]: unknown;
}

function fromBody(req: Request): Pair[] {
  try {
    const { resourceType, parameter = [] } = JSON.parse(String(req.body)) as {
      readonly resourceType?: string;
      readonly parameter?: readonly Parameter[];
    };
    if (resourceType !== 'Parameters') throw unsupported('The body must be a Parameters resource.');
    return parameter.map(({ name, ...values }) => [name, String(Object.values(values)[0])]);
  } catch (error) {
    if (error instanceof OutcomeError) throw error;
    throw unsupported('The body must be a Parameters resource.');
  }
}

function valuesOf({ given, name }: { readonly given: readonly Pair[]; readonly name: string }): string[] {
  return given.filter(([key]) => key === name).map(([, value]) => value);
}

function sinceOf(given: readonly Pair[]): number | undefined {
  const [since] = valuesOf({ given, name: '_since' });
  if (since === undefined) return undefined;
  const sinceMs = Date.parse(since);
  if (!/^\d{4}-\d\d-\d\dT/.test(since) || Number.isNaN(sinceMs))
    throw unsupported('The parameter _since must be an instant.');
  return sinceMs;
}

function unsupported(text: string): OutcomeError {
  return new OutcomeError({ status: 400, code: 'not-supported', text });
}
