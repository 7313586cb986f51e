import type { SentKickOff } from '@bulkhead/fhir';
import type { BulkExport } from './bulk-export.record.ts';

type KickedOff = Pick<BulkExport, 'sent' | 'request' | 'statusUrl' | 'droppedParameters'>;

/** The types that the server refused by name. */
export function refusedTypesOf(record: KickedOff): readonly string[] {
  return sentKickOff(record)?.refusedTypes ?? [];
}

/** The kick-off that the EHR accepted. A process of an earlier version stored the names of what was left out instead. */
export function sentKickOff({ sent, request, statusUrl, droppedParameters }: KickedOff): SentKickOff | undefined {
  if (sent || statusUrl === undefined) return sent;
  const { resourceTypes, since, typeFilters = [] } = request;
  const left = (name: string) => !droppedParameters.includes(name);
  const refusedTypes = droppedParameters.flatMap((name) => /^_type=(.+)/.exec(name)?.[1] ?? []);
  return {
    // The method is known only if the other one was refused.
    ...{ method: left('GET') ? 'GET' : 'POST', isOtherMethodRefused: !left('GET') || !left('POST'), refusedTypes },
    ...(since !== undefined && left('_since') ? { since } : {}),
    types: left('_type') ? resourceTypes.filter((type) => !refusedTypes.includes(type)) : [],
    typeFilters: left('_typeFilter') ? typeFilters : [],
  };
}
