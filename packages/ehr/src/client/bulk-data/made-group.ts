import type { AppError } from '@bulkhead/base';
import { resourceAnswer } from '../answers/answer-rules.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';

/** The bodies by which EHRs take the patients of a Group: FHIR R4, or that of NextGen Office. */
const bodies = {
  member: (name: string, patients: readonly string[]) => ({
    resourceType: 'Group',
    type: 'person',
    actual: true,
    name,
    member: patients.map((id) => ({ entity: { reference: `Patient/${id}` } })),
  }),
  patientIds: (name: string, patients: readonly string[]) => ({ resourceType: 'Group', name, patientIds: patients }),
} as const;

/**
 * Makes the Group that an export of listed patients exports, at an EHR whose clients make them (`kickOff.madeGroups`).
 * @returns its URL, which ends with its id. `deleteExport` deletes it
 * @throws AppError `kick-off-not-understood` if the EHR does not say which id it has
 */
export async function makeGroup(options: {
  readonly session: EhrSession;
  readonly form: keyof typeof bodies;
  readonly name: string;
  readonly patients: readonly string[];
  readonly signal?: AbortSignal | undefined;
}): Promise<string> {
  const { session, form, name, patients, signal } = options;
  const endpoint = `${session.connection.fhirEndpoint}/Group`;
  const { data, headers } = await session.send({
    method: 'POST',
    url: endpoint,
    headers: {
      accept: 'application/fhir+json, application/json;q=0.9',
      'content-type': form === 'member' ? 'application/fhir+json' : 'application/json',
      prefer: 'return=representation',
    },
    body: JSON.stringify(bodies[form](name, patients)),
    priority: 'kick-off',
    answer: { ...resourceAnswer, usable: [200, 201] },
    // A second request would make a second Group.
    retries: 0,
    sendToken: true,
    signal,
  });
  const stated = (data as { readonly id?: unknown } | undefined)?.id;
  const groupId = typeof stated === 'string' ? stated : /\/Group\/([^/?#]+)/.exec(headers.location ?? '')?.[1];
  if (groupId === undefined || groupId === '') throw withoutId();
  return `${endpoint}/${encodeURIComponent(groupId)}`;
}

function withoutId(): AppError {
  const message =
    'The EHR accepted a Group for the patients of the export, and did not say which id it has. Delete it at the EHR, and ask its support how a client learns the id.';
  return ehrError('kick-off-not-understood', { message, retry: 'never' });
}
