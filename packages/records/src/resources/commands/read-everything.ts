import { invalidRequest } from '@bulkhead/base';
import {
  allIncludesOf,
  everyResource,
  isInPatientCompartment,
  isOfRecord,
  type Resource,
  r4ResourceTypes,
} from '@bulkhead/fhir';
import { cursorHash, readValues, writeValues } from '../read/resource-pages.ts';
import type { ResourceStore } from '../resource.feature.ts';
import type { ReadText } from './read-text.ts';
import { PageOfMatches, type PageWriter, writePage } from './write-page.ts';

export interface EverythingRequest extends Pick<PageWriter, 'address' | 'base'> {
  /** Types of the record, in any order. */
  readonly resourceTypes: readonly string[];
  /** Only what was stored here at this time or later. */
  readonly since: Date | undefined;
  readonly count: number;
  readonly cursor: string | undefined;
  /** Whether resources of a type, to which the record refers, may be added. */
  readonly mayInclude: (resourceType: string) => boolean;
  readonly signal: AbortSignal;
}

/** The types of the records of patients, with the Patient first. A Group says who else is exported, and is not a part of a record. */
export const recordTypes: readonly string[] = [
  'Patient',
  ...r4ResourceTypes.filter((type) => type !== 'Patient' && isInPatientCompartment(type) && isOfRecord(type)),
];

/**
 * Reads one page of the record of a patient (https://hl7.org/fhir/R4/patient-operation-everything.html): one type after the other, each in the
 * order of its dates, and what the resources of the page refer to outside of the records of patients, such as their practitioners. What
 * belongs to the record of another patient is not added. A page costs at most one search for each type.
 * @throws AppError `invalid-request` for a cursor of another request
 */
export async function readEverything(
  options: EverythingRequest &
    PageWriter & {
      readonly patientId: string;
      readonly search: Pick<ResourceStore['resourceSearch'], 'search' | 'isCursorOf'>;
    },
): Promise<ReadText> {
  const { connectionId, patientId, search: repository, since, count, signal, mayInclude } = options;
  const search = { ...everyResource, records: [[patientId]] };
  const hash = cursorHash([connectionId, patientId, since?.toISOString() ?? null]);
  const start = readStart(options, hash);
  const types = recordTypes.slice(start ? recordTypes.indexOf(start.type) : 0);
  const page = new PageOfMatches({ count });
  for (const resourceType of types.filter((type) => options.resourceTypes.includes(type))) {
    const cursor = start?.type === resourceType ? start.cursor : undefined;
    const reference = { connectionId, resourceType, search };
    if (cursor !== undefined && !repository.isCursorOf({ ...reference, cursor })) throw wrongCursor();
    for await (const match of repository.search({ ...reference, cursor, limit: page.room + 1, since, signal })) {
      if (!page.add(match.resource as Resource, () => writeValues([hash, resourceType, match.cursor()]))) break;
    }
    if (page.next !== undefined) break;
  }
  const found = [...new Set(page.matches.map(({ resource }) => resource.resourceType))];
  return writePage({
    ...options,
    mayInclude: (type) => !isInPatientCompartment(type) && mayInclude(type),
    matches: page.matches,
    includes: found.flatMap(allIncludesOf),
    parameter: '_count',
    next: page.next,
    patients: [patientId],
  });
}

function readStart({ cursor }: Pick<EverythingRequest, 'cursor'>, hash: string) {
  if (cursor === undefined) return undefined;
  const [writtenHash, type, inner] = readValues(cursor) ?? [];
  const isOwn = writtenHash === hash && typeof type === 'string' && recordTypes.includes(type);
  if (!isOwn || typeof inner !== 'string') throw wrongCursor();
  return { type, cursor: inner };
}

function wrongCursor() {
  const message = 'is not a cursor of this record. Use the `next` link of a page unchanged, or leave it out';
  return invalidRequest([{ path: '_cursor', message }]);
}
