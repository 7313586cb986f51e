import {
  type BulkExportRequest,
  listIssueCodes,
  namedValuesOf,
  type SentKickOff,
  toExportParameters,
  toParametersResource,
  toQuery,
} from '@bulkhead/fhir';
import type { EhrConnection } from '../../providers/index.ts';
import type { EhrResponse } from '../answers/accept-answer.ts';
import { kickOffAnswer, retryAfterOf } from '../answers/answer-rules.ts';
import type { ErrorBody } from '../answers/read-error-body.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';
import { type KickOffAttempt, negotiateKickOff, toSent } from './negotiate-kick-off.ts';
import { postponedKickOff } from './postponed-kick-off.ts';

export interface KickOff {
  /** The absolute URL from `Content-Location`. */
  readonly statusUrl: string;
  /** What the server accepted. */
  readonly sent: SentKickOff;
  /** Whether a Group was exported, which can differ from the requested level. */
  readonly isOfGroup: boolean;
}

/** Proxies and servers cut off or reject request lines above about 2,000 characters. A POST has its parameters in the body. */
const longestUrl = 2000;

/**
 * Starts an export (FHIR Bulk Data, "Kick-off Request"). Parameters that the server refuses by name are left out and recorded.
 * @throws EhrHttpError 429 while the server runs another export
 */
export async function kickOffExport(options: {
  readonly session: EhrSession;
  readonly request: BulkExportRequest;
  /** Aborts until the request is sent. Afterwards the answer is always awaited. */
  readonly signal?: AbortSignal | undefined;
  /** Called each time that a kick-off is sent, including those of the negotiation. */
  readonly onSend?: () => void;
}): Promise<KickOff> {
  const { session, request } = options;
  const parameters = toExportParameters(request);
  const endpoint = endpointOf(session.connection, request);
  const isOfGroup = exportsGroup(session.connection, request);
  const method = endpoint.length + toQuery(parameters).length > longestUrl ? 'POST' : 'GET';
  const allowsUnfiltered = request.allowUnfiltered === true;
  for (let attempt: KickOffAttempt = { method, parameters, isOfGroup, allowsUnfiltered, refusedTypes: [] }; ; ) {
    try {
      const response = await send({ ...options, endpoint, attempt });
      return { statusUrl: readContentLocation(response, attempt), sent: toSent(attempt), isOfGroup };
    } catch (error) {
      const postponed = error instanceof EhrHttpError ? postponedKickOff(attempt, error) : undefined;
      if (postponed) throw postponed;
      const next = negotiateKickOff(attempt, error);
      if (!next) throw error;
      attempt = next;
    }
  }
}

function send(options: {
  readonly session: EhrSession;
  readonly endpoint: string;
  readonly attempt: KickOffAttempt;
  readonly signal?: AbortSignal | undefined;
  readonly onSend?: () => void;
}) {
  const { session, endpoint, signal, onSend } = options;
  const { method, parameters } = options.attempt;
  const isPost = method === 'POST';
  return session.send({
    method,
    url: isPost ? endpoint : `${endpoint}${toQuery(parameters)}`,
    headers: {
      accept: 'application/fhir+json',
      prefer: 'respond-async',
      ...(isPost ? { 'content-type': 'application/fhir+json' } : {}),
    },
    ...(isPost ? { body: toParametersResource(namedValuesOf(parameters)) } : {}),
    priority: 'kick-off',
    answer: kickOffAnswer,
    // A repeated kick-off would start a second export.
    retries: 0,
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
function endpointOf(connection: EhrConnection, request: BulkExportRequest): string {
  if (request.exportType === 'System') return `${connection.fhirEndpoint}/$export`;
  if (!exportsGroup(connection, request)) return exportEndpoint(connection, undefined);
  if (connection.groupId === undefined) throw ehrError('no-group');
  return exportEndpoint(connection, connection.groupId);
}

/** The endpoint of an export of a Group, or of all patients. */
export function exportEndpoint({ fhirEndpoint }: Pick<EhrConnection, 'fhirEndpoint'>, groupId: string | undefined) {
  const group = groupId === undefined ? 'Patient' : `Group/${encodeURIComponent(groupId)}`;
  return `${fhirEndpoint}/${group}/$export`;
}

function readContentLocation({ headers, url, status, data }: EhrResponse, attempt: KickOffAttempt): string {
  const location = headers['content-location'];
  if (typeof location === 'string' && URL.canParse(location, url)) return new URL(location, url).href;
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
