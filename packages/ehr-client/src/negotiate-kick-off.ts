import type { OutcomeIssue } from '@bulkhead/fhir';
import { EhrHttpError } from './ehr-http-error.ts';
import { type ExportParameters, namesOf, without } from './export-parameters.ts';

export type KickOffMethod = 'GET' | 'POST';

/** A kick-off as it is sent, and what was left out of the one that was wanted. */
export interface KickOffAttempt {
  readonly method: KickOffMethod;
  readonly parameters: ExportParameters;
  /** `_since`, `_type`, `_typeFilter`, `_type=Foo` for one type, `GET` or `POST` for the method. */
  readonly dropped: readonly string[];
}

/** Refusals of what was asked for, as opposed to who asked or when. */
const refusalStatuses = new Set([400, 404, 405, 415, 422, 501]);
const methodStatuses = new Set([404, 405, 415, 501]);
/** With these a server says that it does not know a parameter; `value` and `code-invalid` speak of its value. */
const parameterCodes = new Set(['not-supported', 'invalid', 'processing', 'structure', 'business-rule']);
const valueCodes = new Set([...parameterCodes, 'value', 'code-invalid', 'not-found']);

/**
 * What to send after a refusal: without the types that the server names as unknown, without the parameter that it names,
 * or by the other method. Every step leaves something out, so there is an end.
 * @returns undefined where the refusal is about something else.
 */
export function negotiateKickOff(attempt: KickOffAttempt, error: unknown): KickOffAttempt | undefined {
  if (!(error instanceof EhrHttpError) || !refusalStatuses.has(error.status)) return undefined;
  return withoutTypes(attempt, error) ?? withoutParameter(attempt, error) ?? byOtherMethod(attempt, error);
}

function withoutTypes(attempt: KickOffAttempt, { issues }: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, dropped } = attempt;
  const refused = new Set(
    issues
      .filter((issue) => valueCodes.has(issue.code) && names(issue, '_type'))
      .flatMap((issue) => parameters.types.filter((type) => names(issue, type))),
  );
  // With none left, everything would be exported: the opposite of what was asked for.
  if (refused.size === 0 || refused.size === parameters.types.length) return undefined;
  const types = parameters.types.filter((type) => !refused.has(type));
  return {
    ...attempt,
    parameters: { ...parameters, types },
    dropped: [...dropped, ...[...refused].map((type) => `_type=${type}`)],
  };
}

function withoutParameter(attempt: KickOffAttempt, { issues }: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, dropped } = attempt;
  const refusals = issues.filter(({ code }) => parameterCodes.has(code));
  const name = namesOf(parameters).find((one) => refusals.some((issue) => names(issue, one)));
  // A refusal of every type that was asked for is no refusal of the parameter.
  const isOfTypes = name === '_type' && refusals.some((issue) => parameters.types.some((type) => names(issue, type)));
  if (name === undefined || isOfTypes) return undefined;
  return { ...attempt, parameters: without(parameters, name), dropped: [...dropped, name] };
}

/** STU4 drafts have no GET, many servers no POST. */
function byOtherMethod(attempt: KickOffAttempt, { status, issues }: EhrHttpError): KickOffAttempt | undefined {
  const { method, dropped } = attempt;
  const other = method === 'GET' ? 'POST' : 'GET';
  const isRefused = methodStatuses.has(status) || issues.some((issue) => names(issue, method));
  // A 404 to a GET is an unknown Group; to a POST also a server that has no such route.
  if (!isRefused || (status === 404 && method === 'GET') || dropped.includes(other)) return undefined;
  return { ...attempt, method: other, dropped: [...dropped, method] };
}

function names({ text = '', diagnostics = '', expression }: OutcomeIssue, word: string): boolean {
  const pattern = new RegExp(`(?<![A-Za-z_])${word}(?![A-Za-z])`);
  return [text, diagnostics, ...expression].some((part) => pattern.test(part));
}
