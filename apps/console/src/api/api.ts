import { ApiError, type components, createClient, errorOf, type paths } from '@bulkhead/client';
import { QueryClient } from '@tanstack/react-query';
import createQueries from 'openapi-react-query';

/** A client of the API that uses the browser's cookie. It throws an `ApiError` for each error answer. */
const client = createClient({ url: window.location.origin });

client.use({
  async onResponse({ response }) {
    if (response.ok) return;
    if (response.status === 401) goToLogin();
    throw errorOf({ status: response.status, body: await response.json().catch(() => undefined) });
  },
});

/** The same client as hooks. */
export const api = createQueries(client);

/** In place of a vendor in a path: ids are unique, and lists contain the records of all vendors. */
export const anyProvider = '-';

/** How often data without a stream is read again while the page is visible. */
export const refreshMs = 10_000;
/** A restart of the API takes seconds, so retry. Do not retry refused requests. */
const retries = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: refreshMs,
      staleTime: 1000,
      // The next refresh reads again what a database could not return.
      retry: (failures, error) => failures < retries && !isRefusal(error) && !isUnavailable(error),
    },
  },
});

/** For a query that is sent each time that its result is shown, but not again while it is shown. */
export const readOnce = {
  refetchInterval: false,
  refetchOnWindowFocus: false,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
} as const;

/** Names change rarely, and a page shows hundreds of them. */
const namesKeptMs = 60_000;
/** The ids fit into a URL. */
const namesAtOnce = 100;

let batch: { readonly ids: Set<string>; readonly found: Promise<ReadonlyMap<string, Connection>> } | undefined;

/** Reads a connection, in one request with all that other components ask for at the same time. Null if it was removed. */
async function readConnection(id: string): Promise<Connection | null> {
  batch ??= startBatch();
  batch.ids.add(id);
  return (await batch.found).get(id) ?? null;
}

function startBatch(): NonNullable<typeof batch> {
  const ids = new Set<string>();
  const isComplete = new Promise((resolve) => setTimeout(resolve));
  const found = isComplete.then(() => {
    batch = undefined;
    return readAll([...ids]);
  });
  return { ids, found };
}

async function readAll(ids: readonly string[]): Promise<ReadonlyMap<string, Connection>> {
  const found = new Map<string, Connection>();
  for (let begin = 0; begin < ids.length; begin += namesAtOnce) {
    const query = { ids: ids.slice(begin, begin + namesAtOnce).join(), limit: namesAtOnce };
    const { data } = await client.GET('/api/ehr/connections', { params: { query } });
    for (const connection of data?.data ?? []) found.set(connection.id, connection);
  }
  return found;
}

/** The query of one connection, for its name. */
export function connectionQuery(id: string) {
  return {
    queryKey: ['connection', id],
    queryFn: () => readConnection(id),
    staleTime: namesKeptMs,
    refetchInterval: false,
  } as const;
}

/** Reads these lists and records again where a page shows them. */
export async function refresh(...changed: readonly (keyof paths)[]): Promise<void> {
  for (const path of changed) await queryClient.invalidateQueries({ queryKey: ['get', path] });
  if (changed.includes('/api/ehr/connections')) await queryClient.invalidateQueries({ queryKey: ['connection'] });
}

/** The rest between two reads of a list that changes all the time, in which the next page that a user has asked for is read. */
const restMs = 200;

/**
 * Returns a function that reads a list again after a change. A change during a read leads to one more read after it. Each `refresh`
 * cancels a read that has begun, so a list that changes faster than it is read would stay old.
 */
export function createListReader(path: keyof paths): () => Promise<void> {
  let isReading = false;
  let isChanged = false;
  return async () => {
    isChanged = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isChanged) {
        isChanged = false;
        await refresh(path);
        await new Promise((resolve) => setTimeout(resolve, restMs));
      }
    } finally {
      isReading = false;
    }
  };
}

/** Reads again what the page shows. */
export function refreshAll(): Promise<void> {
  return queryClient.invalidateQueries();
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** Whether the API responds, and a server that it needs does not. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'unavailable';
}

type Schemas = components['schemas'];

export type BulkExport = Schemas['Export'];
export type RunActivity = Schemas['RunActivity'];
/** The event of an export or of a sync. */
export type RunEvent = Pick<Schemas['ExportEvent'], EventField> & {
  readonly kind: string;
} & Pick<Partial<Schemas['ExportEvent'] & Schemas['SyncEvent']>, 'fileId' | 'resourceType' | 'count' | 'lastAt'>;
type EventField = 'at' | 'message' | 'code' | 'ehrText' | 'nextAttemptAt' | 'by';
export type OutputFile = Schemas['OutputFile'];
export type Retrying = Schemas['Retrying'] & { readonly resourceType?: string };
export type SyncRun = Schemas['SyncRun'];
export type SyncRunDetail = Schemas['SyncRunDetail'];
export type Provider = Schemas['Provider'];
export type Connection = Schemas['Connection'];
export type ListedConnection = Schemas['ListedConnection'];
export type ConnectionDraft = paths['/api/ehr/connections/test']['post']['requestBody']['content']['application/json'];
export type ConnectionTest = Schemas['ConnectionTest'];
export type Schedule = Schemas['Schedule'];
export type Watermark = Schemas['Watermark'];
export type QuarantinedLine = Schemas['QuarantinedLine'];
export type QuarantineGroup = Schemas['QuarantineGroup'];
export type History = Schemas['History'];
export type Plan = Schemas['Plan'];
export type RateBudget = Schemas['RateBudget'];
export type HealthCheck = Schemas['HealthCheck'];
export type HealthProblem = Schemas['HealthProblem'];
export type HealthSubject = Schemas['HealthSubject'];
export type AuditEvent = Schemas['AuditEvent'];
export type ResourceSource = Schemas['ResourceSource'];
export type TableView = Schemas['TableView'];
export type Searchset = Schemas['Searchset'];
export type ApiKey = Schemas['ApiKey'];
export type OpenSession = Schemas['OpenSession'];
export type BackendClient = Schemas['BackendClient'];
export type WebhookReceiver = Schemas['WebhookReceiver'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type DataAmounts = Schemas['DataAmounts'];
export type Erasure = Schemas['Erasure'];
export type RetentionPass = Schemas['RetentionPass'];
export type Queue = Schemas['Queue'];
export type Process = Schemas['Process'];
export type PatientDocument = Schemas['Document'];
export type SigningKey = Schemas['SigningKey'];

/** If no user is logged in, opens the login page, which leads back here. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
