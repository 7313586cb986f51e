import type { BulkExportRequest } from '@bulkhead/fhir';
import type { Connection } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { kickOffAnswer } from '../answers/answer-rules.ts';
import type { EhrSession } from '../ehr-session.ts';
import { toExportParameters, toParametersResource, toQuery } from './export-parameters.ts';
import { type KickOffAttempt, negotiateKickOff } from './negotiate-kick-off.ts';

export interface KickOff {
  /** Absolute: `Content-Location`, resolved. */
  readonly statusUrl: string;
  /** What the server refused and was left out; see `KickOffAttempt`. */
  readonly droppedParameters: readonly string[];
  /** It went to a Group, whatever was asked for. */
  readonly isOfGroup: boolean;
}

/** Proxies and servers cut or refuse request lines from some 2,000 characters on; a POST carries its parameters inside. */
const longestUrl = 2000;

/**
 * Starts an export (FHIR Bulk Data, "Kick-off Request"). What the server refuses by name is left out and recorded.
 * @throws EhrHttpError 429 while another export runs at the server.
 */
export async function kickOffExport(options: {
  readonly session: EhrSession;
  readonly request: BulkExportRequest;
  /** Until the request is sent; from then on its answer is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a kick-off goes out, for each that is negotiated. */
  readonly onSend?: () => void;
}): Promise<KickOff> {
  const { session, request } = options;
  const parameters = toExportParameters(request);
  const endpoint = exportEndpoint(session.connection, request);
  const method = endpoint.length + toQuery(parameters).length > longestUrl ? 'POST' : 'GET';
  for (let attempt: KickOffAttempt = { method, parameters, dropped: [] }; ; ) {
    try {
      const response = await send({ ...options, endpoint, attempt });
      const isOfGroup = endpoint.includes('/Group/');
      return { statusUrl: readContentLocation(response), droppedParameters: attempt.dropped, isOfGroup };
    } catch (error) {
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
    ...(isPost ? { body: toParametersResource(parameters) } : {}),
    priority: 'kick-off',
    answer: kickOffAnswer,
    // A repeated kick-off is a second export.
    retries: 0,
    sendToken: true,
    signal,
    // The status URL is in the answer, and nowhere else.
    keptOnceSent: true,
    ...(onSend ? { onSend } : {}),
  });
}

/**
 * `Patient` means every patient that the connection sees: at Patient level where the server has it, else the practice's
 * Group (athenahealth exports Groups only).
 */
function exportEndpoint(
  { fhirEndpoint, groupId, capabilities }: Connection,
  { exportType }: BulkExportRequest,
): string {
  if (exportType === 'System') return `${fhirEndpoint}/$export`;
  const patientLevel = capabilities?.exportLevels.includes('patient') ?? true;
  if (exportType === 'Patient' && (patientLevel || groupId === undefined)) return `${fhirEndpoint}/Patient/$export`;
  if (groupId !== undefined) return `${fhirEndpoint}/Group/${encodeURIComponent(groupId)}/$export`;
  throw new AppError({
    code: 'no-group',
    message: 'A Group export needs the practice: give the connection a practiceId or a groupId.',
    retry: 'never',
  });
}

function readContentLocation({
  headers,
  url,
  status,
}: {
  headers: Record<string, unknown>;
  url: string;
  status: number;
}) {
  const location = headers['content-location'];
  if (typeof location === 'string' && URL.canParse(location, url)) return new URL(location, url).href;
  throw new AppError({
    code: 'kick-off-not-understood',
    message: 'The EHR accepted the export without telling where its status is. Verify that it supports bulk data.',
    retry: 'never',
    context: { status },
  });
}
