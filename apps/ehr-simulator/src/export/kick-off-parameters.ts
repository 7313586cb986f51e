import {
  type ExportLevel,
  type KickOffFault,
  type KickOffParameter,
  kickOffParameterNames,
  kickOffParameters,
  readKickOff,
} from '@bulkhead/fhir/bulk-server';
import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';
import type { Practice } from '../practice/practice.ts';

/**
 * Reads and checks the parameters of a kick-off. The returned `parameters` are as the client sent them.
 * @param options.isLenient unsupported parameters are ignored. The manifest has an OperationOutcome for each of `ignored`
 * @throws OutcomeError 400 that names the unsupported parameter.
 */
export function checkedParameters(
  req: Request,
  {
    options,
    practice,
    clock,
    level,
    isLenient,
    members = options.groupMembers,
  }: {
    readonly options: SimulatorOptions;
    readonly practice: Practice;
    readonly clock: Clock;
    readonly level: ExportLevel;
    readonly isLenient: boolean;
    /** The default is the members of the one Group. */
    readonly members?: readonly string[] | undefined;
  },
) {
  const parameters = requestParameters(req);
  const isOfPayer = level === 'group' && options.groupOperation === 'davinci-data-export';
  if (isOfPayer) requireExportType(parameters);
  const unread = [...options.ignoredParameters, ...(isOfPayer ? ['exportType'] : [])];
  const ofBulkData = parameters.filter(([name]) => !unread.includes(name));
  const typeValues = parameters.filter(([name]) => name === '_type').map(([, value]) => value);
  const form = typeValues.length > 1 ? 'repeated' : 'list';
  if ((typeValues.length > 1 || typeValues[0]?.includes(',')) && options.refusedTypeForms.includes(form))
    throw new OutcomeError({ status: 400, code: 'invalid', text: `The parameter _type must not be ${form}.` });
  const { faults, types, sinceMs, patients, elements, ignored } = readKickOff(ofBulkData, {
    level,
    isLenient,
    nowMs: clock.now(),
    supported: kickOffParameterNames.filter((name) => !options.unsupportedParameters.includes(name)),
    typeFault: (type) => (practice.types.includes(type) ? undefined : `names ${type}, which is not supported`),
  });
  // The only filter that it can apply.
  const idFilter = /^Patient\?_id=([^&]+)$/.exec(parameters.find(([name]) => name === '_typeFilter')?.[1] ?? '')?.[1];
  const filteredIds = options.appliesIdFilter && idFilter !== undefined ? [idFilter] : [];
  if (faults[0]) throw toOutcome(faults[0]);
  return {
    types: types.length === 0 ? practice.types : types,
    sinceMs,
    selection: {
      patients: [...patients, ...filteredIds],
      members: level === 'group' ? members : undefined,
      elements,
    },
    ignored,
    parameters,
  };
}

/** Mandatory since PDex 2.1 (FHIR-48922 of its change history). */
function requireExportType(parameters: readonly KickOffParameter[]): void {
  const values = parameters.filter(([name]) => name === 'exportType').map(([, value]) => value);
  if (values.join() === 'hl7.fhir.us.davinci-pdex') return;
  throw new OutcomeError({
    status: 400,
    code: 'invalid',
    text: 'The parameter exportType is not that of Provider Access.',
  });
}

function toOutcome({ path, message, code }: KickOffFault): OutcomeError {
  return new OutcomeError({ status: 400, code, text: `The parameter ${path} ${message}.` });
}

/**
 * Reads the parameters of a kick-off from the query or from a Parameters resource.
 * @throws OutcomeError 400 if the body is not a Parameters resource.
 */
export function requestParameters({ method, originalUrl, body }: Request): KickOffParameter[] {
  // From the URL, because Express turns repeated or bracketed names into arrays or objects.
  const search = new URL(originalUrl, 'http://simulator').searchParams;
  const parameters = kickOffParameters({ method, search, body: String(body) });
  if (parameters) return parameters;
  throw new OutcomeError({ status: 400, code: 'not-supported', text: 'The body must be a Parameters resource.' });
}
