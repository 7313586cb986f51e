import { defineErrors } from '@bulkhead/base';

export const jobError = defineErrors({
  'poison-job': {
    title: 'A job stopped its worker three times',
    advice: 'Check the logs and the memory limit of the workers. Then retry the run.',
    help: 'The worker died or froze three times while it ran this job, and saved nothing in between. What it reads may be crashing the workers. Check their logs and their memory limit, then retry.',
  },
  'suspect-waits': {
    title: 'A job stopped its worker',
    advice: 'Nothing needs to be done. The job runs again when no other job of its kind is running.',
    message: 'The worker died or froze while it ran this job. The job runs again when no other such job is running.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof jobError.table, true> {}
}
