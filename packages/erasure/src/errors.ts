import { defineErrors, type WarningTable } from '@bulkhead/base';

export const erasureError = defineErrors({
  'erasure-waits': {
    title: 'The erasure waits for a sync or a probe',
    advice: 'Nothing needs to be done. The erasure continues when it has ended.',
    retry: { afterMs: 30_000 },
    message:
      'A sync or a probe that started in the meantime includes the patient. The erasure continues automatically when it has ended.',
  },
  'erasure-settling': {
    title: 'The erasure is nearly done',
    advice: 'Nothing needs to be done. A last pass deletes what was still being written.',
    message: 'All data is deleted. A last pass will delete what was still being written.',
  },
  'erasure-waits-for-process': {
    title: 'The erasure waits for a process',
    advice:
      'Start the process again if it is stopped. If it no longer exists, confirm that under Erasures and retention.',
    // A process reports every two seconds. If it does not, the erasure can wait for days.
    retry: { afterMs: 5000 },
    message:
      'Everything that was found is deleted. The erasure ends when the processes in `waitsFor` have reported that they write nothing of it any longer.',
  },
  'connection-erased': {
    title: 'The data of this connection was erased',
    advice: 'Create a new connection.',
    message: 'All data of this connection was erased, so nothing more is stored for it. Create a new connection.',
  },
  'connection-of-patient': {
    title: 'The connection is about this patient',
    advice: 'Remove the connection together with its data instead.',
    status: 409,
    message: 'The connection is about this patient. Delete the connection with `data=purge` instead.',
  },
  'unknown-erasure': {
    title: 'Erasure not found',
    advice: 'Open the list of erasures.',
    status: 404,
    message: 'No erasure has this id. List them with GET /api/ehr/erasures.',
  },
  'unknown-connection': {
    title: 'Connection not found',
    advice: 'Open the list of connections. The connection may have been removed.',
    status: 404,
    message: 'No connection has this id, and no data is stored for it. List connections with GET /api/ehr/connections.',
    of: ['countConnectionData', 'deleteConnection', 'countPatientData', 'erasePatient', 'letPatientIn'],
  },
  'unknown-process': {
    title: 'The erasure does not wait for this process',
    advice: 'Reload the erasure. The process may have reported in the meantime.',
    status: 404,
    message:
      'The erasure does not wait for this process. See `waitsFor` of the erasure: the process may have reported.',
  },
  'connection-in-use': {
    title: 'The connection is in use',
    advice: 'Wait until its export, sync or probe has ended, or cancel it. Then try again.',
    status: 409,
    help: 'Wait until `details.exportId`, `details.syncRunId`, or the probe that the message names has ended. Then delete the connection or erase its patient.',
    examples: [
      {
        message:
          'An export of this connection is running and could store the patient again. Cancel it, or wait until it has ended. Then erase the patient.',
        details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
        of: ['erasePatient'],
      },
    ],
  },
});

export const erasureWarnings = {
  'ehr-not-told': {
    title: 'The EHR did not confirm the deletion',
    advice: 'To end the access at once, remove the application at the EHR. Tokens also expire by themselves.',
    help: 'The EHR did not confirm that it deleted its export files and revoked the tokens. Tokens expire automatically. To end them at once, remove the application at the EHR.',
  },
} as const satisfies WarningTable;

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof erasureError.table, true> {}
  interface WarningCodes extends Record<keyof typeof erasureWarnings, true> {}
}
