import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import { z } from 'zod';

/** `warning`: it works, but needs attention soon. `critical`: something does not work, or data is missing. */
export const severities = ['ok', 'warning', 'critical'] as const;

export const severitySchema = z
  .enum(severities)
  .meta({ description: '`warning`: needs attention soon. `critical`: something does not work, or data is missing.' });

/** 0 for ok, 1 for a warning, 2 for critical: the value of the metric, and the order of what is worse. */
export function rankOf({ severity }: { readonly severity: (typeof severities)[number] }): number {
  return severities.indexOf(severity);
}

/** What a check is about. */
const subjectKinds = [
  'connection',
  'export',
  'sync-run',
  'schedule',
  'queue',
  'job',
  'budget',
  'webhook-delivery',
  'process',
] as const;

export const subjectSchema = z
  .strictObject({
    kind: z.enum(subjectKinds).describe('What the record is, such as `export` or `queue`.'),
    id: z.string().meta({ description: 'The id of the record, or the name of a queue, a job or a budget.' }),
    connectionId: z.string().exactOptional().describe('The connection of the record. Absent if it has none.'),
    connectionName: z.string().exactOptional().meta({ description: 'The name of that connection, if it exists.' }),
    provider: z.string().exactOptional().meta({ description: 'Of an export or a sync run.' }),
    reason: z.string().describe('What was found about this record.'),
    severity: severitySchema.exactOptional().describe('How bad it is, if that is not the severity of the check.'),
    code: errorCodeSchema
      .exactOptional()
      .describe('The code of its error: docs/errors.md lists the codes. Absent if there is none.'),
    since: z.iso.datetime().exactOptional().describe('Since when. Absent if that is not known.'),
    count: z.int().exactOptional().describe('How many records have been found for this reason. Absent for one.'),
  })
  .meta({ id: 'HealthSubject', description: 'A record that a check has found, and why.' });
export type HealthSubject = Immutable<z.output<typeof subjectSchema>>;

const asOfSchema = z.iso
  .datetime()
  .exactOptional()
  .describe('When this was true, if its data could not be read since. Absent if the data is current.');

const checkSchema = z
  .strictObject({
    id: z.string().meta({ description: 'Stable. Also the label `check` of the metric `bulkhead_health_check`.' }),
    title: z.string().describe('What is checked, in a few words.'),
    severity: severitySchema,
    reason: z.string().meta({ description: 'What was found.' }),
    action: z.string().exactOptional().meta({ description: 'What to do. Absent if there is nothing to do.' }),
    asOf: asOfSchema,
    subjects: z
      .array(subjectSchema)
      .meta({ description: 'The records that were found, at most 20. The reason has the number of all.' }),
  })
  .meta({ id: 'HealthCheck', description: 'The result of one check.' });
export type HealthCheck = Immutable<z.output<typeof checkSchema>>;

const problemSchema = z
  .strictObject({
    key: z.string().meta({
      description:
        'What the records have in common: the code of their error, `credentials`, or the id of the check. `problem` of the list of connections takes it.',
    }),
    severity: severitySchema,
    title: z.string().describe('What is wrong, in a few words.'),
    reason: z.string().describe('What was found.'),
    action: z.string().exactOptional().describe('What to do. Absent if there is nothing to do.'),
    checks: z.array(z.string()).describe('The ids of the checks that have found it.'),
    connections: z.int().min(0).describe('How many connections have the problem. 0 if it is not about connections.'),
    since: z.iso.datetime().exactOptional().describe('When it was first seen. Absent if that is not known.'),
    lastSeen: z.iso
      .datetime()
      .exactOptional()
      .describe('When the last of its records failed. Absent if that is not known, or the same as `since`.'),
    asOf: asOfSchema,
    subjects: z
      .array(subjectSchema)
      .describe('The records that were found, at most 20. The reason has the number of all.'),
  })
  .meta({ id: 'HealthProblem', description: 'One cause, with everything that the checks have found because of it.' });
export type HealthProblem = Immutable<z.output<typeof problemSchema>>;

export const healthReportSchema = z
  .strictObject({
    severity: severitySchema.meta({ description: 'The severity of the worst check.' }),
    checkedAt: z.iso
      .datetime()
      .describe('When the connections, runs and data were checked. A worker does it each minute.'),
    problems: z
      .array(problemSchema)
      .describe(
        'What needs attention, the worst first. Findings with one cause are one problem. Empty if all checks are ok.',
      ),
    checks: z.array(checkSchema).meta({ description: 'Every check, the worst first.' }),
  })
  .meta({ id: 'HealthReport', description: 'Whether the deployment works, and what to do if it does not.' });
export type HealthReport = Immutable<z.output<typeof healthReportSchema>>;

/** What a check found. Its id and title are in the list of checks. */
export type Finding = Omit<HealthCheck, 'id' | 'title' | 'subjects'> & { readonly subjects?: readonly HealthSubject[] };

/** A check whose finding has all its subjects. */
export type JudgedCheck = Omit<HealthCheck, 'asOf'>;

export function ok(reason: string): Finding {
  return { severity: 'ok', reason };
}

export const hourMs = 60 * 60_000;

/** `since` is in the past. A clock that is ahead gives 0. */
export function ageMs(since: Date, now: Date): number {
  return Math.max(now.getTime() - since.getTime(), 0);
}

/** A length of time for a sentence: "40 seconds", "3 hours". */
export function inWords(ms: number): string {
  const units = [
    { unit: 'day', length: 24 * hourMs },
    { unit: 'hour', length: hourMs },
    { unit: 'minute', length: 60_000 },
  ];
  // From two of a unit on, so that 90 minutes are not an hour.
  const { unit, length } = units.find((candidate) => ms >= 2 * candidate.length) ?? { unit: 'second', length: 1000 };
  return counted(Math.round(ms / length), unit);
}

/** "1 export", "2 exports", "2 processes". */
export function counted(count: number, noun: string): string {
  const ending = noun.endsWith('s') ? 'es' : 's';
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : ending}`;
}
