/** `sync` is an enhanced sync with the REST API. `export` is a bulk export of the changes since the last one. */
export const scheduleKinds = ['export', 'sync'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
