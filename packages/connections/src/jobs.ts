import { defineJob, minuteMs, once, tenTimes, threeTimes } from '@bulkhead/queues';
import { z } from 'zod';

/** The payload of the jobs of a connection. */
const connectionPayload = z.strictObject({ connectionId: z.string().min(1) });
/** The payload of the jobs of an authorization. */
const authorizationPayload = z.strictObject({ authorizationId: z.string().min(1) });

export const testConnectionJob = defineJob({
  name: 'connection.test',
  queue: 'connection',
  payload: connectionPayload,
  jobId: ({ connectionId }) => `test.${connectionId}`,
  // The test reports the current state, so users repeat it themselves.
  ...once,
  // To find which of sixty scopes are granted takes 12 minutes where an EHR issues five tokens a minute.
  timeoutMs: 20 * minuteMs,
  tracedIds: ['connectionId'],
});

export const testDraftJob = defineJob({
  name: 'connection.test-draft',
  queue: 'connection',
  payload: z.strictObject({ draftId: z.string().min(1) }),
  jobId: ({ draftId }) => `test-draft.${draftId}`,
  // A token request may have to wait a minute for its budget.
  ...once,
  timeoutMs: 3 * minuteMs,
});

export const readCapabilitiesJob = defineJob({
  name: 'connection.read-capabilities',
  queue: 'connection',
  payload: connectionPayload,
  jobId: ({ connectionId }) => `capabilities.${connectionId}`,
  ...threeTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['connectionId'],
});

export const prepareAuthorizationJob = defineJob({
  name: 'authorization.prepare',
  queue: 'connection',
  payload: authorizationPayload,
  jobId: ({ authorizationId }) => `prepare.${authorizationId}`,
  // A browser waits for this. A failure is shown, and the user tries again.
  ...once,
  timeoutMs: 1 * minuteMs,
});

export const redeemAuthorizationJob = defineJob({
  name: 'authorization.redeem',
  queue: 'connection',
  payload: authorizationPayload,
  jobId: ({ authorizationId }) => `redeem.${authorizationId}`,
  // A code works only once.
  ...once,
  timeoutMs: 2 * minuteMs,
});

export const probeJob = defineJob({
  name: 'connection.probe',
  queue: 'connection',
  payload: connectionPayload,
  jobId: ({ connectionId }) => `probe.${connectionId}`,
  // Only the first attempt measures. The others delete the exports that it has left.
  ...tenTimes,
  // At most 8 status requests for each of two exports, half a minute apart, and the other requests.
  timeoutMs: 15 * minuteMs,
  tracedIds: ['connectionId'],
});

export const revokeJob = defineJob({
  name: 'connection.revoke',
  queue: 'connection',
  payload: connectionPayload,
  jobId: ({ connectionId }) => `revoke.${connectionId}`,
  // No user waits for this, and tokens expire eventually.
  ...tenTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['connectionId'],
});
