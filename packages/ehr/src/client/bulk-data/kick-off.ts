import { type AppError, present } from '@bulkhead/base';
import {
  type BulkExportRequest,
  declaredParameters,
  type ExportParameters,
  listIssueCodes,
  namedValuesOf,
  namesOf,
  narrowingParameters,
  type SentKickOff,
  toExportParameters,
  toParametersResource,
  toQuery,
  without,
} from '@bulkhead/fhir';
import { type EhrConnection, hasParameter, practiceGroups, recordTypes, versionsOf } from '../../providers/index.ts';
import type { EhrResponse } from '../answers/accept-answer.ts';
import { kickOffAnswer, retryAfterOf } from '../answers/answer-rules.ts';
import type { ErrorBody } from '../answers/read-error-body.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';
import {
  grantedTypes,
  type KickOffAttempt,
  type KickOffForm,
  mayMeanNoChanges,
  negotiateKickOff,
  toSent,
} from './negotiate-kick-off.ts';
import { postponedKickOff } from './postponed-kick-off.ts';

export interface KickOff {
  /** The absolute URL from `Content-Location`. Absent if nothing has changed since `_since`, so that the server started no export. */
  readonly statusUrl?: string;
  /** What the server accepted. */
  readonly sent: SentKickOff;
  /** Whether a Group was exported, which can differ from the requested level. */
  readonly isOfGroup: boolean;
  /** Whether that Group has all patients of the practice, so that a patient who is new in it is new at the EHR. */
  readonly isOfPractice: boolean;
  /** The id of the Group, if the EHR does not have that of the connection and has this one. */
  readonly groupId?: string;
  readonly noChanges?: NoChanges;
}

/** The server answered 404 to the kick-off with `_since`, and accepts the same one without it. So nothing has changed, and it started no export. */
export interface NoChanges {
  /** What it said. */
  readonly ehrText: string;
  /** The status URL of the kick-off without `_since`, if it was sent now. Its export is not needed. */
  readonly unneededUrl?: string;
}

/** What is known of earlier kick-offs that were equal but for `_since`. */
export interface KickOffHistory {
  /** Whether the server has accepted one. */
  readonly isAccepted: boolean;
  /** Whether a 404 to `_since` was taken for "no changes" so often since then that it must be verified. */
  readonly isDoubtful: boolean;
}

/** Proxies and servers cut off or reject request lines above about 2,000 characters. A POST has its parameters in the body. */
const longestUrl = 2000;

/** Servers that write the whole export before they answer take minutes. */
const defaultAnswerSeconds = 600;

export function answerSecondsOf({ provider }: Pick<EhrSession, 'provider'>): number {
  return provider.kickOff?.answerSeconds ?? defaultAnswerSeconds;
}

/**
 * Starts an export (FHIR Bulk Data, "Kick-off Request"). Parameters that the server refuses by name are left out and recorded.
 * @throws EhrHttpError 429 while the server runs another export
 */
export async function kickOffExport(options: {
  readonly session: EhrSession;
  readonly request: BulkExportRequest;
  /** Only a probe has one. */
  readonly form?: KickOffForm;
  /** Aborts until the request is sent. Afterwards the answer is always awaited. */
  readonly signal?: AbortSignal | undefined;
  /** Called each time that a kick-off is sent, including those of the negotiation. */
  readonly onSend?: () => void;
  /** Called after a refusal. Without it, nothing is known. */
  readonly history?: (kickOff: {
    readonly sent: SentKickOff;
    readonly groupId: string | undefined;
  }) => Promise<KickOffHistory>;
}): Promise<KickOff> {
  const { session, request, form, signal, history = () => Promise.resolve(noHistory) } = options;
  const grantedScope = await session.readGrantedScope(signal);
  let endpoint = endpointOf(session, request);
  const groupsOfPractice = practiceGroups(session.provider, session.connection.practiceId);
  const [usual, otherForm] = groupsOfPractice;
  const hasOtherForm = otherForm !== undefined && session.connection.groupId === usual;
  let groupId: string | undefined;
  for (let attempt = firstAttempt({ session, request, form, endpoint, grantedScope }); ; ) {
    const { isOfGroup = false } = attempt;
    const sentGroup = isOfGroup ? (groupId ?? session.connection.groupId) : undefined;
    const started = (outcome: Pick<KickOff, 'sent' | 'statusUrl' | 'noChanges'>) => ({
      ...outcome,
      isOfGroup,
      isOfPractice: groupsOfPractice.some((id) => id === sentGroup),
      ...present({ groupId }),
    });
    try {
      const statusUrl = readContentLocation(await send({ ...options, endpoint, attempt }), attempt);
      return started(outcomeOf(attempt, statusUrl));
    } catch (error) {
      const mayBeEmpty = mayMeanNoChanges(attempt, error);
      // It is refused without `_since` too, so the 404 before was not about changes.
      attempt = withoutVerification(attempt);
      const sent = toSent(attempt);
      const known = await history({ sent, groupId: sentGroup });
      if (mayBeEmpty && provesNoChanges(known, error)) return started({ sent, noChanges: { ehrText: error.ehrText } });
      if (hasOtherForm && groupId === undefined && isOfGroup && !known.isAccepted && isUnknownGroup(error)) {
        groupId = otherForm;
        endpoint = endpointOf({ ...session, connection: { ...session.connection, groupId } }, request);
        continue;
      }
      attempt = mayBeEmpty
        ? toVerify(attempt, error)
        : nextAttempt(attempt, { error, place: pathOf(endpoint, session) });
    }
  }
}

/** A server that gave no reason for its 404 may only not know `_since`: then this export has what was asked for. */
function outcomeOf(attempt: KickOffAttempt, statusUrl: string): Pick<KickOff, 'sent' | 'statusUrl' | 'noChanges'> {
  const { kickOff, ehrText } = attempt.verifies ?? {};
  if (kickOff === undefined || ehrText === undefined) return { statusUrl, sent: toSent(attempt) };
  return { sent: toSent(kickOff), noChanges: { ehrText, unneededUrl: statusUrl } };
}

function pathOf(endpoint: string, { connection }: Pick<EhrSession, 'connection'>): string {
  return endpoint.slice(connection.fhirEndpoint.length + 1);
}

function provesNoChanges(
  { isAccepted, isDoubtful }: KickOffHistory,
  error: EhrHttpError,
): error is EhrHttpError & { readonly ehrText: string } {
  return error.ehrText !== undefined && isAccepted && !isDoubtful;
}

function withoutVerification(attempt: KickOffAttempt): KickOffAttempt {
  return attempt.verifies?.kickOff ?? attempt;
}

function toVerify(kickOff: KickOffAttempt, { ehrText }: EhrHttpError): KickOffAttempt {
  const parameters = without(kickOff.parameters, '_since');
  return { ...kickOff, parameters, verifies: { kickOff, ...present({ ehrText }) } };
}

const noHistory: KickOffHistory = { isAccepted: false, isDoubtful: false };

function isUnknownGroup(error: unknown): boolean {
  return error instanceof EhrHttpError && (error.status === 404 || error.status === 410);
}

function firstAttempt(options: {
  readonly session: EhrSession;
  readonly request: BulkExportRequest;
  readonly form: KickOffForm | undefined;
  readonly endpoint: string;
  readonly grantedScope: string | undefined;
}): KickOffAttempt {
  const { session, request, form, endpoint, grantedScope } = options;
  const { connection, provider } = session;
  const { outputFormat, listsTypes = false, fixedParameters: fixed } = provider.kickOff ?? {};
  const offeredTypes = recordTypes(connection.capabilities);
  const named = toExportParameters(request);
  const requested = form ? { ...named, ...present({ repeatsTypes: form.repeatsTypes }) } : declaredOnly(named, session);
  // A token that lists its types allows no others, and an EHR may refuse an export of everything that it does not cover.
  const everything = grantedTypes(grantedScope, offeredTypes) ?? (listsTypes ? offeredTypes : []);
  const types = requested.types.length === 0 ? everything : requested.types;
  const parameters = { ...requested, types, outputFormat, fixed };
  // `patient` is a parameter of POST only (FHIR Bulk Data, "Query Parameters").
  const needsPost = requested.patients?.length || endpoint.length + toQuery(parameters).length > longestUrl;
  return {
    method: form?.method ?? (needsPost ? 'POST' : 'GET'),
    form,
    parameters,
    isOfGroup: exportsGroup(connection, request),
    allowsUnfiltered: request.allowUnfiltered === true,
    offeredTypes,
    ...present({ grantedScope }),
    refusedTypes: [],
  };
}

/**
 * A server may ignore what it does not know, and then export more than was requested. So these parameters are only sent to one that declares
 * them, or of which the provider says that it has them. Files are then in the usual order.
 * @throws AppError `parameter-undeclared`
 */
function declaredOnly(parameters: ExportParameters, session: EhrSession): ExportParameters {
  const names = new Set(namesOf(parameters));
  const undeclared = declaredParameters.filter((name) => names.has(name) && !hasParameter(session, name));
  const refused = undeclared.find((name) => narrowingParameters.has(name));
  if (refused === undefined) return undeclared.reduce<ExportParameters>(without, parameters);
  throw ehrError('parameter-undeclared', {
    message: `The EHR does not declare that it supports \`${refused}\` (FHIR Bulk Data ${versionsOf[refused]}), and an EHR that ignores it exports more than was requested. Nothing was sent. If the EHR supports it, add it to \`kickOff.parameters\` of the provider.`,
  });
}

/** How servers answer an operation that they do not have. */
const notOfferedStatuses: ReadonlySet<number> = new Set([404, 405, 410, 501]);

function describeRefusal(
  attempt: KickOffAttempt,
  { error, place }: { readonly error: unknown; readonly place: string },
) {
  if (!(error instanceof EhrHttpError)) return error;
  if (isFailureOfSince(attempt, error)) return failedWithSince(error);
  const { status, ehrText, context } = error;
  if (!notOfferedStatuses.has(status)) return error;
  const group = attempt.isOfGroup ? ' or does not have this Group' : '';
  const message = `The EHR answered ${status} to the kick-off at ${place}, so it does not offer exports at this level${group}. Start the export at another level (\`Patient\`, \`Group\` or \`System\`), and verify the group id and the FHIR endpoint of the connection.`;
  return ehrError('export-not-offered', { message, context, ehrText, cause: error });
}

/** @throws the error, as the caller should see it, if no other kick-off could be accepted */
function nextAttempt(
  attempt: KickOffAttempt,
  refusal: { readonly error: unknown /** The path below the FHIR endpoint. */; readonly place: string },
) {
  const { error } = refusal;
  const postponed = error instanceof EhrHttpError ? postponedKickOff(attempt, error) : undefined;
  const next = postponed ? undefined : negotiateKickOff(attempt, error);
  if (next) return next;
  throw postponed ?? describeRefusal(attempt, refusal);
}

/** A gateway answers 502 to 504. A 500 can be all that a server says about a parameter that it does not support. */
function isFailureOfSince({ parameters }: KickOffAttempt, error: unknown): error is EhrHttpError {
  return error instanceof EhrHttpError && error.status === 500 && parameters.since !== undefined;
}

function failedWithSince(cause: EhrHttpError): AppError {
  const { retry, context, ehrText } = cause;
  return ehrError('ehr-unavailable', {
    message:
      'The EHR answered 500 to a kick-off that asks for changes (`_since`). It is sent again. If this continues while exports of everything work, the EHR does not support `_since`: start exports without `since`.',
    retry,
    context,
    ehrText,
    cause,
  });
}

function send(options: {
  readonly session: EhrSession;
  readonly endpoint: string;
  readonly attempt: KickOffAttempt;
  readonly signal?: AbortSignal | undefined;
  readonly onSend?: () => void;
}) {
  const { session, endpoint, signal, onSend } = options;
  const { method, form, parameters } = options.attempt;
  const isPost = method === 'POST';
  return session.send({
    method,
    url: isPost ? endpoint : `${endpoint}${toQuery(parameters)}`,
    headers: {
      accept: 'application/fhir+json',
      prefer: form?.isLenient ? 'respond-async, handling=lenient' : 'respond-async',
      ...(isPost ? { 'content-type': 'application/fhir+json' } : {}),
    },
    ...(isPost ? { body: toParametersResource(namedValuesOf(parameters)) } : {}),
    priority: 'kick-off',
    answer: kickOffAnswer,
    // A repeated kick-off would start a second export.
    retries: 0,
    timeoutMs: answerSecondsOf(session) * 1000,
    sendToken: true,
    signal,
    // The status URL is only in this answer.
    keptOnceSent: true,
    ...(onSend ? { onSend } : {}),
  });
}

/** Whether an export is made through the Group of the connection: if that is requested, or if the server does not export patients. */
export function exportsGroup(
  { groupId, capabilities }: Pick<EhrConnection, 'groupId' | 'capabilities'>,
  { exportType }: Pick<BulkExportRequest, 'exportType'>,
): boolean {
  const patientLevel = capabilities?.exportLevels.includes('patient') ?? true;
  return exportType === 'Group' || (exportType === 'Patient' && !patientLevel && groupId !== undefined);
}

/**
 * `Patient` means every patient that the connection can see. This uses the Patient level if the server has it, and otherwise the
 * Group of the practice (athenahealth only exports Groups).
 */
function endpointOf(
  { connection, provider }: Pick<EhrSession, 'connection' | 'provider'>,
  request: BulkExportRequest,
): string {
  if (request.exportType === 'System') return `${connection.fhirEndpoint}/$export`;
  if (!exportsGroup(connection, request)) return `${connection.fhirEndpoint}/Patient/$export`;
  if (connection.groupId === undefined) throw ehrError('no-group');
  const operation = provider.kickOff?.operation ?? 'export';
  return `${connection.fhirEndpoint}/Group/${encodeURIComponent(connection.groupId)}/$${operation}`;
}

function readContentLocation({ headers, url, status, data }: EhrResponse, attempt: KickOffAttempt): string {
  // Some servers send the status URL as the place of what was created or accepted (RFC 9110, section 10.2.2).
  const location = headers['content-location'] ?? (status === 201 || status === 202 ? headers.location : undefined);
  const stated = typeof location === 'string' ? onceOf(location) : '';
  if (/, https?:\/\//.test(stated)) throw twoLocations(stated, status);
  if (typeof location === 'string' && URL.canParse(stated, url)) return new URL(stated, url).href;
  // Undefined if the header is present and is not a URL.
  const explanation = (data ?? { issues: [], ehrText: undefined }) as ErrorBody;
  if (/^text\/html\b/i.test(String(headers['content-type'])))
    throw ehrError('kick-off-not-understood', { retry: 'later', context: { status }, ehrText: explanation.ehrText });
  const postponed = postponedKickOff(attempt, { ...explanation, status, retryAfterMs: retryAfterOf({ headers }) });
  if (postponed) throw postponed;
  throw ehrError('kick-off-not-understood', {
    message:
      'The EHR accepted the export but did not return its status URL. An operator can read what it returned. Verify that the EHR supports FHIR bulk export.',
    context: { status, reason: listIssueCodes(explanation.issues) },
    ehrText: explanation.ehrText,
  });
}

/** A header that a proxy has repeated: Node.js joins both values with a comma. */
function onceOf(value: string): string {
  const length = (value.length - 2) / 2;
  const half = value.slice(0, Math.max(length, 0));
  return value === `${half}, ${half}` ? half : value;
}

function twoLocations(ehrText: string, status: number): AppError {
  const message =
    'The EHR accepted the export and returned two different status URLs, so it is not known which of them is right. An operator can read both. Ask the operator of the EHR, or of a proxy before it, to send `Content-Location` once.';
  return ehrError('kick-off-not-understood', { message, context: { status }, ehrText });
}
