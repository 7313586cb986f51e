import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { Clock } from '../options/clock.ts';
import type { ExportLevel, SimulatorOptions } from '../options/options.ts';
import type { Practice } from '../practice/practice.ts';

const supported = ['_type', '_since', '_outputFormat', '_typeFilter', '_elements', 'includeAssociatedData', 'patient'];
/** The practice has no Provenance, so that these values add nothing. */
const associatedData = ['LatestProvenanceResources', 'RelevantProvenanceResources'];
/** Clocks differ by less. A later `_since` is a mistake of the client. */
const maxSinceAheadMs = 5 * 60_000;
/** The three spellings of the specification. */
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];

/**
 * Reads and checks the parameters of a kick-off. The returned `parameters` are as the client sent them.
 * @param options.isLenient unsupported parameters are ignored. The manifest has an OperationOutcome for each of `ignored`
 * @throws OutcomeError 400 that names the unsupported parameter.
 */
export function kickOffParameters(
  req: Request,
  {
    options,
    practice,
    clock,
    level,
    isLenient,
  }: {
    readonly options: SimulatorOptions;
    readonly practice: Practice;
    readonly clock: Clock;
    readonly level: ExportLevel;
    readonly isLenient: boolean;
  },
) {
  const sent = requestParameters(req);
  const isRefused = ([name]: KickOffParameter) =>
    !supported.includes(name) || options.unsupportedParameters.includes(name);
  const refused = sent.filter(isRefused);
  if (refused[0] && !isLenient) throw unsupported(`The parameter ${refused[0][0]} is not supported.`);
  const parameters = sent.filter((parameter) => !isRefused(parameter));
  const associated = listOf(parameters, 'includeAssociatedData').find((value) => !associatedData.includes(value));
  if (associated !== undefined) throw unsupported(`The parameter includeAssociatedData cannot be ${associated}.`);
  const patients = listOf(parameters, 'patient').map((reference) => reference.replace(/^Patient\//, ''));
  if (patients.length > 0 && level === 'system')
    throw unsupported('The parameter patient is not supported for an export of the system.');
  const format = valuesOf(parameters, '_outputFormat').find((value) => !outputFormats.includes(value));
  if (format) throw unsupported('The parameter _outputFormat must be application/fhir+ndjson.');
  const types = listOf(parameters, '_type');
  const knownTypes = practice.types;
  const unknown = types.find((type) => !knownTypes.includes(type));
  if (unknown !== undefined) throw unsupported(`The parameter _type names ${unknown}, which is not supported.`);
  return {
    types: types.length === 0 ? knownTypes : [...new Set(types)],
    sinceMs: sinceOf(parameters, clock.now()),
    selection: { patients, elements: listOf(parameters, '_elements') },
    ignored: refused.map(([name]) => name),
    parameters: sent,
  };
}

/** The values of a parameter that is repeated or has a list. */
function listOf(parameters: readonly KickOffParameter[], name: string): string[] {
  return valuesOf(parameters, name).flatMap((value) => value.split(','));
}

function valuesOf(parameters: readonly KickOffParameter[], name: string): string[] {
  return parameters.filter(([key]) => key === name).map(([, value]) => value);
}

function sinceOf(parameters: readonly KickOffParameter[], nowMs: number): number | undefined {
  const [since] = valuesOf(parameters, '_since');
  if (since === undefined) return undefined;
  const sinceMs = Date.parse(since);
  if (!/^\d{4}-\d\d-\d\dT/.test(since) || Number.isNaN(sinceMs))
    throw unsupported('The parameter _since must be a timestamp.');
  // Not a parameter that can be left out, so it is refused by its value.
  if (sinceMs > nowMs + maxSinceAheadMs)
    throw new OutcomeError({ status: 400, code: 'value', text: 'The parameter _since is in the future.' });
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
  return parameter.map(({ name, ...values }) => [name, textOf(Object.values(values)[0])]);
}

/** A patient is a Reference, every other value is a primitive. */
function textOf(value: unknown): string {
  const { reference } = (value ?? {}) as { readonly reference?: unknown };
  return String(reference ?? value);
}

function noParameters(): OutcomeError {
  return new OutcomeError({ status: 400, code: 'not-supported', text: 'The body must be a Parameters resource.' });
}
