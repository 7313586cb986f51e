import type { BulkExportRequest } from '@bulkhead/fhir';
import { namesOf, toExportParameters } from './export-parameters.ts';
import type { KickOffAttempt, KickOffMethod } from './negotiate-kick-off.ts';

/** A kick-off as the server accepted it, without what it had refused. */
export interface SentKickOff {
  readonly method: KickOffMethod;
  /** Whether the server had refused the other method. */
  readonly isOtherMethodRefused: boolean;
  readonly since?: string;
  /** Empty: every type. */
  readonly types: readonly string[];
  /** The requested types that the server refused by name. */
  readonly refusedTypes: readonly string[];
  readonly typeFilters: readonly string[];
}

export function toSent({ method, refusedMethod, parameters, refusedTypes }: KickOffAttempt): SentKickOff {
  const { since, types, typeFilters } = parameters;
  const isOtherMethodRefused = refusedMethod !== undefined;
  return { method, isOtherMethodRefused, ...(since === undefined ? {} : { since }), types, refusedTypes, typeFilters };
}

/**
 * Names what was requested and not sent: `_type=Foo` for one type, `_type`, `_since` or `_typeFilter` for a parameter, and `GET` or `POST` for the
 * method.
 */
export function droppedParameters(request: BulkExportRequest, sent: SentKickOff): string[] {
  const names = new Set(namesOf(sent));
  return [
    ...sent.refusedTypes.map((type) => `_type=${type}`),
    ...namesOf(toExportParameters(request)).filter((name) => !names.has(name)),
    ...(sent.isOtherMethodRefused ? [sent.method === 'GET' ? 'POST' : 'GET'] : []),
  ];
}
