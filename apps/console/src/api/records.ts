import type { components } from '@bulkhead/client';

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
