import { defineErrors } from '@bulkhead/runtime';

export const scheduleError = defineErrors({
  'schedule-not-due': {
    message: 'The run is due later, because runs are spread over the hour. The job runs again at that time.',
  },
  'unknown-schedule': {
    status: 404,
    message: 'No schedule has this id. List the schedules with GET /api/ehr/schedules, or create one with POST.',
  },
  'export-already-running': {
    status: 409,
    message: "The schedule's last export is still running. Wait for it to end, or cancel it first.",
    details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
    of: ['runSchedule'],
  },
  'schedule-request-invalid': {
    status: 409,
    message: 'The request of the schedule is no longer valid. Delete the schedule and create it again.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof scheduleError.table, true> {}
}
