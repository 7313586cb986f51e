import type { ExportOptions, SyncOptions } from './enhanced-service.ts';

/** Converts the guide's options to the body of the API request. */
export function fromExportOptions({ since, ...options }: ExportOptions = {}) {
  return { ...options, ...fromSince(since) };
}

export function fromSyncOptions({ since, ...options }: SyncOptions = {}) {
  return { ...options, ...fromSince(since) };
}

function fromSince(since: Date | string | undefined) {
  if (since === undefined) return {};
  return { since: since instanceof Date ? since.toISOString() : since };
}
