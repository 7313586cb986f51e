import { type ErrorCode, type Immutable, present } from '@bulkhead/base';
import { z } from 'zod';
import { type HealthSubject, type JudgedCheck, severitySchema, subjectSchema } from './health-check.ts';

/*
 * What one check has found because of one cause. Groups have a size that does not depend on the number of records, except for the ids of the
 * connections, so a report of a thousand failing connections can be stored and read as a whole.
 */

/** An operator does not read a longer list. The group has the number of all records. */
export const maxSubjects = 20;

export const findingGroupSchema = z.strictObject({
  /** The code of the error, `credentials`, or the id of the check. Groups of several checks with one key are one problem. */
  key: z.string(),
  severity: severitySchema,
  /** What is wrong, for a title. Absent if the title of the check says it. */
  cause: z.string().exactOptional(),
  /** Of all records. */
  connectionIds: z.array(z.string()),
  count: z.int(),
  since: z.string().exactOptional(),
  lastSeen: z.string().exactOptional(),
  subjects: z.array(subjectSchema),
});
export type FindingGroup = Immutable<z.output<typeof findingGroupSchema>>;

/** Errors of which the credentials of the connection, or what they may do, are the cause. */
const codesOfCredentials: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'token-refused',
  'ehr-unauthorized',
  'authorization-needed',
]);

export const credentialsKey = 'credentials';

export function isAboutCredentials({ code }: { readonly code?: ErrorCode }): boolean {
  return codesOfCredentials.has(code);
}

/** The checks whose findings about connections are grouped by the code of the error. */
const checksByCause: ReadonlySet<string> = new Set(['connections', 'failed-exports', 'failed-syncs']);

export function groupsOf(check: JudgedCheck): FindingGroup[] {
  const { id, severity, subjects } = check;
  if (severity === 'ok') return [];
  const keyOf = ({ connectionId, code, ...subject }: HealthSubject): string => {
    if (!checksByCause.has(id) || connectionId === undefined || code === undefined) return id;
    return isAboutCredentials({ ...subject, code }) ? credentialsKey : code;
  };
  const groups = subjects.length === 0 ? [[id, subjects] as const] : [...Map.groupBy(subjects, keyOf)];
  return groups.map(([key, ofGroup]) => {
    const times = ofGroup.flatMap(({ since }) => since ?? []).toSorted();
    return {
      key,
      severity: worstOf(ofGroup, severity),
      connectionIds: [...new Set(ofGroup.flatMap(({ connectionId }) => connectionId ?? []))],
      count: ofGroup.reduce((sum, { count = 1 }) => sum + count, 0),
      subjects: ofGroup.slice(0, maxSubjects),
      ...(key === id ? {} : { cause: causeOf(ofGroup) }),
      ...present({ since: times[0], lastSeen: times.at(-1) }),
    };
  });
}

function worstOf(subjects: readonly HealthSubject[], ofCheck: FindingGroup['severity']): FindingGroup['severity'] {
  if (subjects.length === 0) return ofCheck;
  return subjects.some(({ severity = ofCheck }) => severity === 'critical') ? 'critical' : 'warning';
}

/** The first sentence of what was found about most of the records. */
function causeOf(subjects: readonly HealthSubject[]): string {
  if (subjects.some(isAboutCredentials)) return 'the EHR refuses the credentials';
  const sentences = subjects.map(({ reason }) => reason.replace(/^[\w ]+: /, '').replace(/\.(\s.*)?$/s, ''));
  const [most = ''] = [...Map.groupBy(sentences, (sentence) => sentence).values()]
    .toSorted((left, right) => right.length - left.length)
    .map(([sentence]) => sentence);
  return most;
}
