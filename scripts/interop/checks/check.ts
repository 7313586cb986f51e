import type { ExportView } from '@bulkhead/imports/export/commands';
import type { Scope } from '../compare/known-differences.ts';
import type { Report } from '../compare/report.ts';
import type { FhirServer, ServedResource } from '../server/fhir-server.ts';
import type { ServedRequest } from '../server/start-hapi.ts';
import type { InteropApi } from '../system/interop-api.ts';

/** The inputs of every check. */
export interface CheckContext {
  readonly api: InteropApi;
  readonly server: FhirServer;
  /** The requests that the server logged. */
  readonly requests: readonly ServedRequest[];
  readonly report: Report;
  /** The types of the loaded data, and Group. */
  readonly types: readonly string[];
  /** Returns every resource of a type that the server has now. */
  readonly served: (type: string) => Promise<ReadonlyMap<string, ServedResource>>;
}

/** Compares everything that is stored for a connection with what the server serves, type by type. */
export async function compareStored(
  { api, report, served }: CheckContext,
  options: { readonly connectionId: string; readonly types: readonly string[]; readonly scope: Scope },
): Promise<void> {
  const { connectionId, types, scope } = options;
  const stored = new Map<string, Map<string, unknown>>();
  for (const type of types) stored.set(type, await api.stored(connectionId, type));
  const referredTo = new Set([...stored.values()].flatMap((resources) => referencesIn([...resources.values()])));
  for (const [type, resources] of stored) {
    report.resources({ type, served: await served(type), stored: resources, scope: { ...scope, referredTo } });
  }
}

/** Returns every literal reference, such as `Practitioner/1`. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'reference' && typeof member === 'string' ? [member] : referencesIn(member),
  );
}

/**
 * Returns the codes of warnings, sorted. Many resources refer to documents that the server does not have; these are fetched after the end of an
 * export, so whether their warning is there depends on the time.
 */
export function codesOf(warnings: readonly { readonly code: string }[]): string[] {
  return warnings
    .map(({ code }) => code)
    .filter((code) => code !== 'documents-failed')
    .sort();
}

/** The expected end of an export with these warnings. */
export function completed(warnings: readonly string[] = []) {
  return { status: 'COMPLETED', partial: false, quarantined: 0, warnings };
}

/** Returns the end of an export, to compare with `completed`. */
export function endOf({ status, partial, counts, warnings, errorMessage }: ExportView) {
  const { quarantined } = counts;
  return { status, partial, quarantined, warnings: codesOf(warnings), ...(errorMessage ? { errorMessage } : {}) };
}
