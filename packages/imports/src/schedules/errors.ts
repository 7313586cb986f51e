import { defineErrors } from '@bulkhead/base';
import { maxSchedules } from './schedule.record.ts';

export const scheduleError = defineErrors({
  'schedule-not-due': {
    title: 'The run is not due yet',
    advice: 'Nothing needs to be done. Runs are spread over the hour.',
    message: 'The run is due later, because runs are spread over the hour. The job runs again at that time.',
  },
  'unknown-schedule': {
    title: 'Schedule not found',
    advice: 'Open the list of schedules. The schedule may have been deleted.',
    status: 404,
    message: 'No schedule has this id. List the schedules with GET /api/ehr/schedules, or create one with POST.',
  },
  'too-many-schedules': {
    title: 'The connection has too many schedules',
    advice: 'Delete a schedule that is no longer needed.',
    status: 409,
    message: `A connection has at most ${maxSchedules} schedules. Delete one that is no longer needed (DELETE /api/ehr/schedules/{id}).`,
  },
  'export-already-running': {
    title: 'The same export is already running',
    advice: 'Wait until it has ended, or cancel it first.',
    status: 409,
    message: "The schedule's last export is still running. Wait for it to end, or cancel it first.",
    details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
    of: ['runSchedule'],
  },
  'schedule-request-invalid': {
    title: 'The schedule no longer works',
    advice: 'Delete the schedule and create it again.',
    status: 409,
    message: 'The request of the schedule is no longer valid. Delete the schedule and create it again.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof scheduleError.table, true> {}
}
