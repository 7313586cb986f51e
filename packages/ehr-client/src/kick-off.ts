import { AppError, type BulkExportRequest, type Connection } from '@bulkhead/domain';
import type { OutcomeIssue } from '@bulkhead/fhir';
import { EhrHttpError } from './ehr-http-error.ts';
import type { EhrSession } from './ehr-session.ts';

export interface KickOff {
  /** Absolute: `Content-Location`, resolved. */
  readonly statusUrl: string;
  /** Parameters that the server refused and that were left out. */
  readonly droppedParameters: readonly string[];
}

/**
 * Starts an export (FHIR Bulk Data, "Kick-off Request"). A parameter that the server names as unsupported is dropped and
 * recorded; the type filter then happens on our side.
 * @throws EhrHttpError 429 while another export runs at the server.
 */
export async function kickOffExport(options: {
  readonly session: EhrSession;
  readonly request: BulkExportRequest;
  readonly signal?: AbortSignal | undefined;
}): Promise<KickOff> {
  const { session, request, signal } = options;
  const parameters = new Map<string, string>();
  if (request.resourceTypes.length > 0) parameters.set('_type', request.resourceTypes.join(','));
  if (request.since !== undefined) parameters.set('_since', request.since);
  const droppedParameters: string[] = [];
  for (;;) {
    try {
      const url = `${exportEndpoint(session.connection, request)}${toQuery(parameters)}`;
      const response = await session.send({
        method: 'GET',
        url,
        headers: { accept: 'application/fhir+json', prefer: 'respond-async' },
        priority: 'kick-off',
        responseType: 'json',
        // A repeated kick-off is a second export.
        retries: 0,
        sendToken: true,
        signal,
      });
      return { statusUrl: readContentLocation(response), droppedParameters };
    } catch (error) {
      const refused = refusedParameter(error, parameters);
      if (refused === undefined) throw error;
      parameters.delete(refused);
      droppedParameters.push(refused);
    }
  }
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

function toQuery(parameters: ReadonlyMap<string, string>): string {
  const query = [...parameters].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return query === '' ? '' : `?${query}`;
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
  if (status === 202 && typeof location === 'string' && URL.canParse(location, url)) return new URL(location, url).href;
  throw new AppError({
    code: 'kick-off-not-understood',
    message: 'The EHR accepted the export without telling where its status is. Verify that it supports bulk data.',
    retry: 'never',
    context: { status },
  });
}

/** A parameter of ours that a 400 or 422 names. One that is refused for its value (an unknown type) is not dropped. */
function refusedParameter(error: unknown, parameters: ReadonlyMap<string, string>): string | undefined {
  if (!(error instanceof EhrHttpError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const issue = error.issues.find(({ code }) => code === 'not-supported');
  return issue && [...parameters.keys()].find((name) => names(issue, name));
}

function names({ text = '', expression }: OutcomeIssue, parameter: string): boolean {
  return text.includes(parameter) || expression.some((path) => path.includes(parameter));
}
