import { anyPatient, patientsShown } from '@bulkhead/access/audit';
import type { HistoryEntry, Resource } from '@bulkhead/fhir';

/** Gives attachments whose content is stored here the URLs of their Binaries below a FHIR base URL. @returns the resources that differ, by the given ones */
export type ShownAttachments = (options: {
  readonly connectionId: string;
  readonly base: string;
  readonly resources: readonly Resource[];
}) => Promise<ReadonlyMap<Resource, Resource>>;

/** `ShownAttachments` for one reader. */
export type ShowAttachments = (resources: readonly Resource[]) => Promise<ReadonlyMap<Resource, Resource>>;

/** The entries of a history, with the attachments as they are shown. */
export async function showEntries(
  entries: readonly (HistoryEntry & { readonly content?: Resource | undefined })[],
  show: ShowAttachments,
): Promise<readonly HistoryEntry[]> {
  const shown = await show(entries.flatMap(({ content }) => content ?? []));
  return entries.map(({ content, ...entry }) => {
    const replaced = content && shown.get(content);
    return replaced ? { ...entry, resource: JSON.stringify(replaced) } : entry;
  });
}

/** A text, and the patients whose data it shows. See `patientsShown`. */
export interface ReadText {
  readonly text: string;
  readonly patients: readonly string[];
}

export interface ReadLines {
  /** NDJSON. Each chunk ends with a line end. */
  readonly lines: AsyncIterable<Buffer>;
  /** The requested patients, or `anyPatient` if none were requested. */
  readonly patients: readonly string[];
}

/** @returns the URL of the page that begins at a cursor */
export function withCursor(address: URL, cursor: string): string {
  const next = new URL(address);
  next.searchParams.set('_cursor', cursor);
  return next.href;
}

/** A resource that belongs to several patients also shows the others. */
export async function* watchPatients(options: {
  readonly chunks: AsyncIterable<Buffer>;
  readonly patients: readonly string[];
  readonly onFurther: (patients: readonly string[]) => Promise<void>;
}): AsyncGenerator<Buffer> {
  const { chunks, patients, onFurther } = options;
  const listed = new Set(patients);
  for await (const chunk of chunks) {
    const further = listed.has(anyPatient) ? [] : patientsOfLines(chunk).filter((patient) => !listed.has(patient));
    if (further.length > 0) await onFurther([...new Set(further)]);
    for (const patient of further) listed.add(patient);
    yield chunk;
  }
}

function patientsOfLines(chunk: Buffer): string[] {
  const lines = chunk.toString().split('\n').filter(Boolean);
  return lines.flatMap((line) => patientsShown(JSON.parse(line) as Resource));
}
