/** What a retry, or the next slice of an export, must not have of the kick-off before. */
export const fieldsOfTheWait = ['notBefore', 'plannedAt', 'pollReason', 'retrying'];
export const fieldsOfTheEnd = [
  ...fieldsOfTheWait,
  'error',
  'completedAt',
  'discard',
  'watermarkDecisions',
  'isPartial',
  'lackedTypes',
];
export const fieldsOfTheKickOff = [
  'statusUrl',
  'kickedOffAt',
  'kickOffSentAt',
  'readyAt',
  'progress',
  'progressedAt',
  'transactionTime',
  'clockWentBack',
  'requiresAccessToken',
  'manifestGaps',
  'manifestFiles',
];

/** The change that removes fields of a record. */
export function toUnset(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map((field) => [field, 1]));
}
