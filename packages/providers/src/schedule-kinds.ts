/** `sync`: an enhanced sync by the REST API. `export`: a bulk export of what changed since the last one. */
export const scheduleKinds = ['export', 'sync'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
