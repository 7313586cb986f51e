import { ApiError, type components, createClient, errorOf } from '@bulkhead/client';
import { QueryClient } from '@tanstack/react-query';
import createQueries from 'openapi-react-query';

/** The API, by the browser's cookie. Every error answer is thrown as an `ApiError`. */
export const client = createClient({ url: window.location.origin });

client.use({
  async onResponse({ response }) {
    if (response.ok) return;
    if (response.status === 401) goToLogin();
    throw errorOf({ status: response.status, body: await response.json().catch(() => undefined) });
  },
});

/** The same as hooks. */
export const api = createQueries(client);

/** What is on the page without a stream is looked up again this often, while somebody looks at it. */
export const refreshMs = 10_000;
/** A deployment's restart takes seconds; what the API refuses it refuses again. */
const retries = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: refreshMs,
      staleTime: 1000,
      retry: (failures, error) => failures < retries && !isRefusal(error),
    },
  },
});

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

type Schemas = components['schemas'];

export type BulkExport = Schemas['Export'];
export type OutputFile = Schemas['OutputFile'];
export type Retrying = Schemas['Retrying'] & { readonly resourceType?: string };
export type SyncRun = Schemas['SyncRun'];
export type SyncRunDetail = Schemas['SyncRunDetail'];
export type Connection = Schemas['Connection'];
export type ConnectionTest = Schemas['ConnectionTest'];
export type Schedule = Schemas['Schedule'];
export type QuarantinedLine = Schemas['QuarantinedLine'];
export type RateBudget = Schemas['RateBudget'];
export type DiagnosisCheck = Schemas['DiagnosisCheck'];
export type AuditEvent = Schemas['AuditEvent'];
export type ResourceSource = Schemas['ResourceSource'];
export type ApiKey = Schemas['ApiKey'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type DataAmounts = Schemas['DataAmounts'];
export type Erasure = Schemas['Erasure'];
export type RetentionPass = Schemas['RetentionPass'];
export type Queue = Schemas['Queue'];

/** Nobody is logged in, or not any more: to the log-in, and from there back here. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
