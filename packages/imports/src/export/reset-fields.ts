/** What a retry, or the next slice of an export, must not have of the kick-off before. */
export const fieldsOfTheWait = ['notBefore', 'plannedAt', 'pollReason', 'retrying'];
export const fieldsOfTheEnd = [
  ...fieldsOfTheWait,
  'error',
  'completedAt',
  'discard',
  'references',
  'openReferences',
  'watermarkDecisions',
  'isPartial',
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
