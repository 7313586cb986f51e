import { defineErrors } from '@bulkhead/base';

export const resourceError = defineErrors({
  'search-too-costly': {
    title: 'The search takes too long',
    advice: 'Narrow it by patient, code or date.',
    status: 422,
    message:
      'The search took too much time in the database and was stopped. Narrow it by patient, code or date, or leave _total out.',
  },
  'write-contention': {
    title: 'Several workers changed the same resources',
    advice: 'Nothing needs to be done. The batch is written again.',
    retry: 'later',
    message: 'Other workers kept changing the same resources. The batch is retried.',
  },
  'history-expired': {
    title: 'The history does not reach back that far',
    advice: 'Read the whole type once, then continue with its history from that time.',
    status: 410,
    message:
      'Tombstones of deletions after this time were deleted. Read everything again: leave out `_since`, or read the type whole. Then continue with a later time.',
    help: 'Deletions since `_since` are no longer all known. Read everything again, and continue the [history](reading-resources.md#keep-a-copy-current) from then.',
  },
  'connection-purged': {
    title: 'The connection was erased',
    advice: 'Delete your copy of its data.',
    status: 410,
    message: 'Everything of this connection was erased. Delete your copy of it, and do not ask for it again.',
    help: 'Delete everything that you have of the connection. `details.purgedAt` is when its erasure was requested. See [Erased data](reading-resources.md#erased-data).',
    examples: [
      {
        message: 'Everything of this connection was erased. Delete your copy of it, and do not ask for it again.',
        details: { purgedAt: '2026-11-03T08:00:00.000Z' },
        of: ['readResourceHistory'],
      },
    ],
  },
  'unknown-resource': {
    title: 'Resource not found',
    advice: 'Check the type and the id.',
    status: 404,
    message: 'No such resource is stored for this connection. Verify the type and the id.',
    examples: [
      {
        message: '"Patinet" is not a FHIR R4 resource type. Did you mean Patient? Verify the type.',
        of: ['searchResources'],
      },
      { message: '"Foo" is not a FHIR R4 resource type. Verify the type.', of: ['searchResources'] },
      {
        message: '"Group/1" does not exist here. The group of all patients is "Group/conn_01".',
        of: ['exportGroup', 'exportGroupByPost'],
      },
      {
        message: 'Only patients have a compartment here, such as Patient/p1/Observation. Verify the URL.',
        of: ['searchFhirRecord'],
      },
      {
        message: 'Practitioner is not a part of the records of patients. Search it without a patient.',
        of: ['searchFhirRecord'],
      },
    ],
  },
  'resource-deleted': {
    title: 'The resource was deleted at the EHR',
    advice: 'Nothing needs to be done.',
    status: 410,
    message: 'The resource was deleted at the EHR.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof resourceError.table, true> {}
}
