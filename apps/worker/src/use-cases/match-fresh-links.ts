import type { OutputFile } from '@bulkhead/domain';
import type { ManifestEntry } from '@bulkhead/fhir';

/**
 * Finds the entries of a manifest that was read again which are the same files: at the same place with the same section,
 * type and count, or else by the path of their URL (signatures and expiry times stand in the query).
 * @param files in the order of the first manifest.
 * @returns the files that have another link now, with that link.
 */
export function matchFreshLinks(options: {
  readonly files: readonly OutputFile[];
  readonly entries: readonly ManifestEntry[];
}): Pick<OutputFile, 'id' | 'url'>[] {
  const { files, entries } = options;
  const samePlaces = files.length === entries.length && files.every((file, index) => isSame(file, entries[index]));
  const byPath = uniqueByPath(entries);
  return files.flatMap((file, index) => {
    const entry = samePlaces ? entries[index] : byPath.get(pathOf(file.url));
    return entry && entry.url !== file.url ? [{ id: file.id, url: entry.url }] : [];
  });
}

function isSame({ section, type, promisedCount }: OutputFile, entry: ManifestEntry | undefined): boolean {
  return entry?.section === section && entry.type === type && entry.count === promisedCount;
}

/** Two entries of one path could be any of the two files. */
function uniqueByPath(entries: readonly ManifestEntry[]): Map<string, ManifestEntry> {
  const grouped = Map.groupBy(entries, ({ url }) => pathOf(url));
  return new Map(
    [...grouped].flatMap(([path, [entry, ...others]]) => (entry && !others.length ? [[path, entry]] : [])),
  );
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
