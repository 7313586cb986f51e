import { type AppError, present } from '@bulkhead/base';
import {
  type ExportParameters,
  namesOf,
  narrowingParameters,
  type SentKickOff,
  scopeCovers,
  scopeTypes,
  scopeVersionsOf,
  without,
} from '@bulkhead/fhir';
import { ehrError } from '../errors.ts';
import { EhrHttpError, isAboutScopes } from '../http/ehr-http-error.ts';

/**
 * Not every server supports every parameter of a kick-off, GET and POST, or every resource type. After a refusal this decides from
 * the status, the issues and the server's text what to leave out or change, and returns the next attempt. Each attempt leaves
 * something out, so the negotiation ends. The caller records what was sent, so that users can see what was left out.
 */
type KickOffMethod = 'GET' | 'POST';

/**
 * What a probe tries, and exports do not send. Nothing is left out of such a kick-off: a refusal of a parameter is thrown as `parameter-refused`,
 * with its name in the context. Parameters are sent whether or not the server declares them.
 */
export interface KickOffForm {
  readonly method?: KickOffMethod;
  /** Whether each type is a parameter. */
  readonly repeatsTypes?: boolean;
  /** Sends `handling=lenient`. */
  readonly isLenient?: boolean;
}

/** A kick-off to send. Parameters that the server refused are left out. */
export interface KickOffAttempt {
  readonly method: KickOffMethod;
  readonly form?: KickOffForm | undefined;
  readonly parameters: ExportParameters;
  /** Whether it goes to a Group. */
  readonly isOfGroup?: boolean;
  readonly refusedMethod?: KickOffMethod;
  /** Whether the export may start without its filters. Then it has more data than was requested. */
  readonly allowsUnfiltered?: boolean;
  /** The types to name if the server demands `_type`. */
  readonly offeredTypes?: readonly string[];
  /** The scopes of the token. Undefined if the server does not say. */
  readonly grantedScope?: string;
  /** Types that the server refused by name. They are not among the parameters. */
  readonly refusedTypes: readonly string[];
  /** The kick-off with `_since` that the server answered with 404, and what it said. This one is sent to see what that meant. */
  readonly verifies?: { readonly kickOff: KickOffAttempt; readonly ehrText?: string };
}

/** Statuses that refuse the request itself, and not its sender or its time. */
const refusalStatuses = new Set([400, 404, 405, 415, 422, 501]);
const methodStatuses = new Set([404, 405, 415, 501]);
/** Servers also send no code, or one that FHIR does not have. It says nothing, so the text decides as for `processing`. */
const meaninglessCodes = new Set(['unknown', 'other']);
/** Codes that say that a parameter is unknown. `value` and `code-invalid` are about its value. */
const parameterCodes = new Set(['not-supported', 'invalid', 'processing', 'structure', 'business-rule']);
const valueCodes = new Set([...parameterCodes, 'value', 'code-invalid', 'not-found']);

/**
 * Decides what to send after a refusal: the kick-off without the types or the parameter that the server names, or with the other
 * method. Every step leaves something out, so the negotiation ends.
 * @returns undefined if the refusal has another reason
 */
export function negotiateKickOff(attempt: KickOffAttempt, error: unknown): KickOffAttempt | undefined {
  if (!(error instanceof EhrHttpError) || !isRefusal(attempt, error)) return undefined;
  const next =
    withinScopes(attempt, error) ??
    withDemanded(attempt, error) ??
    withPlainSince(attempt, error) ??
    withoutTypes(attempt, error) ??
    withoutPatientAlone(attempt, error) ??
    withoutParameter(attempt, error) ??
    byOtherMethod(attempt, error);
  const kept = next && namesOf(next.parameters);
  const leftOut = attempt.form && kept && namesOf(attempt.parameters).find((name) => !kept.includes(name));
  if (leftOut !== undefined) throw parameterRefused(leftOut, error);
  return next;
}

/** A 500 is a refusal if its text names a parameter. Otherwise the server may only be ill. */
function isRefusal({ parameters }: KickOffAttempt, error: EhrHttpError): boolean {
  if (isAboutScopes(error)) return true;
  if (error.status !== 500) return refusalStatuses.has(error.status);
  return reasonsOf(error).some((reason) => namesOf(parameters).some((name) => names(reason, name)));
}

/**
 * The types that a token allows to export, if it lists them: of those that the server declares, or else all that it names.
 * @returns undefined for a token of every type, and for scopes of another form
 */
export function grantedTypes(
  scope: string | undefined,
  offeredTypes: readonly string[],
): readonly string[] | undefined {
  if (scope === undefined || scopeVersionsOf(scope).length === 0 || scopeCovers({ scope, resourceType: anyType }))
    return undefined;
  const types = offeredTypes.length > 0 ? offeredTypes : scopeTypes(scope);
  const granted = types.filter((resourceType) => scopeCovers({ scope, resourceType }));
  return granted.length > 0 ? granted : undefined;
}

/** A type that only a wildcard covers. */
const anyType = '*';

/** athenahealth refuses an export of types beyond the scopes with 401 "Must have scopes allowing read+search for each resource being exported". */
function withinScopes(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, offeredTypes = [], grantedScope, refusedTypes } = attempt;
  if (!isAboutScopes(error)) return undefined;
  const requested = parameters.types.length > 0 ? parameters.types : offeredTypes;
  const types = grantedTypes(grantedScope, requested) ?? [];
  if (types.length === 0 || types.length === parameters.types.length) return undefined;
  const leftOut = parameters.types.filter((type) => !types.includes(type));
  return { ...attempt, parameters: { ...parameters, types }, refusedTypes: [...refusedTypes, ...leftOut] };
}

/** The only format that every server has (FHIR Bulk Data, "Query Parameters"). */
const ndjsonFormat = 'application/fhir+ndjson';

/** Words with which servers say that a parameter is missing. */
const demandsParameter =
  /\b(?:required|requires|mandatory|missing|must be (?:set|given|sent|present|provided|specified|supplied|included)|must (?:have|contain|include|specify)|not (?:given|present|provided|specified|supplied))\b/i;

/** Whether a server refuses a parameter by its name. One that says that it is missing does not. */
export function refusesParameter(error: EhrHttpError, name: string): boolean {
  return reasonsOf(error).some(
    (reason) => names(reason, name) && !reason.texts.some((text) => demandsParameter.test(text)),
  );
}

/** Adds what some servers demand and others do not know: the only format, or the list of all types. */
function withDemanded(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, offeredTypes = [] } = attempt;
  const demands = (name: string) =>
    reasonsOf(error).some((reason) => names(reason, name) && reason.texts.some((text) => demandsParameter.test(text)));
  if (parameters.outputFormat === undefined && demands('_outputFormat'))
    return { ...attempt, parameters: { ...parameters, outputFormat: ndjsonFormat } };
  if (parameters.types.length === 0 && offeredTypes.length > 0 && demands('_type'))
    return { ...attempt, parameters: { ...parameters, types: offeredTypes }, offeredTypes: [] };
  return undefined;
}

/** Some servers read an instant only in whole seconds of UTC. It is at most a second earlier, so nothing is lost. */
function withPlainSince(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters } = attempt;
  if (parameters.since === undefined || !reasonsOf(error).some((reason) => names(reason, '_since'))) return undefined;
  const since = new Date(parameters.since).toISOString().replace(/[.]\d+Z$/, 'Z');
  return since === parameters.since ? undefined : { ...attempt, parameters: { ...parameters, since } };
}

/** Words with which servers refuse `_since` itself. */
const refusesSince =
  /\bnot (?:a )?(?:supported|known|valid|allowed|recogni[sz]ed)\b|\b(?:unsupported|unknown|unrecogni[sz]ed|invalid|malformed)\b|\bdoes not support\b/i;

/**
 * Whether a 404 to a kick-off with `_since` can mean that nothing has changed, so that the server starts no export. What it says about that is not
 * read: only the same kick-off without `_since` tells whether it means this, or the Group, the path or the access. One that refuses `_since` by its
 * name is no such answer.
 */
export function mayMeanNoChanges({ parameters }: KickOffAttempt, error: unknown): error is EhrHttpError {
  if (!(error instanceof EhrHttpError) || error.status !== 404 || parameters.since === undefined) return false;
  const reasons = reasonsOf(error);
  const refuses = (reason: Reason) => names(reason, '_since') && reason.texts.some((text) => refusesSince.test(text));
  return !reasons.some(refuses);
}

/** A reason of the server, from an issue or from plain text. */
export interface Reason {
  readonly code: string;
  readonly texts: readonly string[];
}

export function reasonsOf({ issues, ehrText }: Pick<EhrHttpError, 'issues' | 'ehrText'>): Reason[] {
  if (issues.length === 0) return ehrText === undefined ? [] : [{ code: 'processing', texts: [ehrText] }];
  return issues.map(({ code, text = '', diagnostics = '', expression }) => {
    return { code: meaninglessCodes.has(code) ? 'processing' : code, texts: [text, diagnostics, ...expression] };
  });
}

/** Words with which servers refuse a type, whether or not they name the parameter `_type`. */
const refusesType =
  /_type\b|resource ?types?\b|not (?:a )?(?:supported|known|valid|allowed|recogni[sz]ed|available|exportable)|unsupported|forbidden|unknown|invalid/i;

function withoutTypes(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, refusedTypes } = attempt;
  const refused = new Set(
    reasonsOf(error)
      .filter(({ code, texts }) => valueCodes.has(code) && texts.some((text) => refusesType.test(text)))
      // A reason that names another parameter is about that one, even if its value contains a type.
      .filter((reason) => !namesOf(parameters).some((name) => name !== '_type' && names(reason, name)))
      .flatMap((reason) => parameters.types.filter((type) => names(reason, type))),
  );
  // Without any type everything would be exported, which is the opposite of the request.
  if (refused.size === 0 || refused.size === parameters.types.length) return undefined;
  const types = parameters.types.filter((type) => !refused.has(type));
  return {
    ...attempt,
    parameters: { ...parameters, types },
    refusedTypes: [...refusedTypes, ...refused],
  };
}

/** Epic refuses a Group export of Patient alone (rule 59159, "requires demographics or _id"). */
const refusesPatientAlone = /\b59159\b|\brequires demographics\b|\bdemographics or _id\b/i;

/** Exports every type instead. The caller drops `_type`, so that the other types are not stored. */
function withoutPatientAlone(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters, isOfGroup } = attempt;
  const isAlone = parameters.types.length === 1 && parameters.types[0] === 'Patient';
  if (!isOfGroup || !isAlone) return undefined;
  const isRefused = reasonsOf(error).some(({ texts }) => texts.some((text) => refusesPatientAlone.test(text)));
  return isRefused ? { ...attempt, parameters: without(parameters, '_type') } : undefined;
}

function withoutParameter(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { parameters } = attempt;
  const refusals = reasonsOf(error).filter(({ code }) => parameterCodes.has(code));
  const name = namesOf(parameters).find((candidate) => refusals.some((reason) => names(reason, candidate)));
  // A refusal of all requested types does not refuse the parameter.
  const isOfTypes = name === '_type' && refusals.some((reason) => parameters.types.some((type) => names(reason, type)));
  // What the operation demands is never left out.
  if (name === undefined || isOfTypes || parameters.fixed?.[name] !== undefined) return undefined;
  if (name === '_typeFilter') return withoutFilters(attempt, error);
  if (narrowingParameters.has(name)) throw parameterRefused(name, error);
  return { ...attempt, parameters: without(parameters, name) };
}

/**
 * Without its filters an export would have data that the client has not requested, perhaps of other patients. So they are sent in the other form, and
 * left out only if the request allows it.
 * @throws AppError `type-filter-refused`
 */
function withoutFilters(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt {
  const { parameters, allowsUnfiltered } = attempt;
  const { typeFilters, joinsFilters = false } = parameters;
  if (typeFilters.length > 1 && !joinsFilters) return { ...attempt, parameters: { ...parameters, joinsFilters: true } };
  if (allowsUnfiltered) return { ...attempt, parameters: without(parameters, '_typeFilter') };
  throw ehrError('type-filter-refused', { ehrText: error.ehrText, cause: error });
}

/** Without the parameter, an export would have data that the client has not requested. */
function parameterRefused(name: string, error: EhrHttpError): AppError {
  return ehrError('parameter-refused', {
    message: `The EHR does not support \`${name}\`, so the export would contain more than was requested. Nothing was exported. Leave it out, and select from what is stored instead.`,
    context: { parameter: name, status: error.status },
    ehrText: error.ehrText,
    cause: error,
  });
}

/** STU4 drafts have no GET, and many servers have no POST. */
function byOtherMethod(attempt: KickOffAttempt, error: EhrHttpError): KickOffAttempt | undefined {
  const { status } = error;
  const { method, refusedMethod } = attempt;
  const otherMethod = method === 'GET' ? 'POST' : 'GET';
  const isRefused = methodStatuses.has(status) || reasonsOf(error).some((reason) => names(reason, method));
  // A 404 to a GET means an unknown Group. A 404 to a POST can also mean that the server has no such route.
  if (!isRefused || (status === 404 && method === 'GET') || refusedMethod !== undefined) return undefined;
  // `patient` is a parameter of POST only. A server can ignore it in a GET, and export all patients.
  if ((attempt.parameters.patients ?? []).length > 0) throw parameterRefused('patient', error);
  return { ...attempt, method: otherMethod, refusedMethod: method };
}

export function names({ texts }: Reason, word: string): boolean {
  const pattern = new RegExp(`(?<![A-Za-z_])${word}(?![A-Za-z])`);
  return texts.some((text) => pattern.test(text));
}

/** What the server has accepted with this attempt. */
export function toSent({ method, refusedMethod, parameters, refusedTypes }: KickOffAttempt): SentKickOff {
  const { since, types, typeFilters, organizeOutputBy } = parameters;
  const isOtherMethodRefused = refusedMethod !== undefined;
  return { method, isOtherMethodRefused, ...present({ since, organizeOutputBy }), types, refusedTypes, typeFilters };
}
