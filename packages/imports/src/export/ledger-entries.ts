import { createHash } from 'node:crypto';
import { isResourceType, type ManifestEntry } from '@bulkhead/fhir';
import type { OutputFile } from './output-file.record.ts';
import { unknownType } from './watermarks/watermark.ts';

/** A file of a manifest, with an identity that does not depend on the order of the entries. */
export interface LedgerEntry {
  /** Equal for the same file each time the manifest is read, even if the URLs have new signatures. */
  readonly identity: string;
  readonly entry: ManifestEntry;
}

/**
 * The files of a manifest. A file is identified by its section and the path of its URL, because signatures and expiry times are in the
 * query. Only files that share a path are distinguished by their queries. A URL that is listed more than once is one file.
 */
export function toLedgerEntries(entries: readonly ManifestEntry[]): LedgerEntry[] {
  const files = [...Map.groupBy(entries, ({ section, url }) => `${section} ${url}`).values()].map(mergeEntries);
  const byPath = Map.groupBy(files, pathKey);
  return files.map((entry) => {
    const isAlone = byPath.get(pathKey(entry))?.length === 1;
    return { identity: pathHash(isAlone ? pathKey(entry) : `${entry.section} ${entry.url}`), entry };
  });
}

/**
 * Finds the new links of files in a manifest that was read again: by identity, else by path, else by type and count. A path, or a
 * type and count, must be unique on both sides.
 * @returns the links that differ, and the entries that match no file or could match several
 */
export function matchFreshLinks(options: {
  readonly files: readonly OutputFile[];
  readonly entries: readonly ManifestEntry[];
}): { readonly links: readonly Pick<OutputFile, 'id' | 'url'>[]; readonly unmatched: readonly ManifestEntry[] } {
  const files = new Set(options.files);
  const entries = new Set(toLedgerEntries(options.entries));
  const links: Pick<OutputFile, 'id' | 'url'>[] = [];
  for (const { ofFile, ofEntry } of waysToMatch) {
    const entriesByKey = uniqueBy(entries, ofEntry);
    for (const [key, file] of uniqueBy(files, ofFile)) {
      const match = entriesByKey.get(key);
      if (!match) continue;
      files.delete(file);
      entries.delete(match);
      if (match.entry.url !== file.url) links.push({ id: file.id, url: match.entry.url });
    }
  }
  return { links, unmatched: [...entries].map(({ entry }) => entry) };
}

/** The most reliable one first. */
const waysToMatch: readonly {
  readonly ofFile: (file: OutputFile) => string;
  readonly ofEntry: (entry: LedgerEntry) => string;
}[] = [
  { ofFile: ({ id }) => id.slice(id.lastIndexOf('.') + 1), ofEntry: ({ identity }) => identity },
  { ofFile: pathKey, ofEntry: ({ entry }) => pathKey(entry) },
  {
    ofFile: ({ section, type, promisedCount }) => `${section} ${type} ${promisedCount}`,
    ofEntry: ({ entry: { section, type, count } }) => `${section} ${ledgerType(type)} ${count}`,
  },
];

/** The type that the lines of a file must have. `unknownType` if the manifest names none that FHIR R4 knows. */
export function ledgerType(type: string): string {
  return isResourceType(type) ? type : unknownType;
}

function uniqueBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item> {
  const groups = Map.groupBy(items, keyOf);
  return new Map(
    [...groups].flatMap(([key, [item, ...others]]) => (item !== undefined && others.length === 0 ? [[key, item]] : [])),
  );
}

function mergeEntries(same: readonly ManifestEntry[]): ManifestEntry {
  const [first, ...others] = same as [ManifestEntry, ...ManifestEntry[]];
  if (others.length === 0) return first;
  const { count: _, ...entry } = first;
  const hasOneType = others.every(({ type }) => type === first.type);
  const counts = new Set(same.map(({ count }) => count));
  // A file that is listed for several types contains all of them, and the count of each part says nothing about the whole.
  if (!hasOneType) {
    const types = same.filter(({ count }) => count !== 0).map(({ type }) => type);
    return { ...entry, type: unknownType, types: [...new Set(types)].filter(isResourceType) };
  }
  return counts.size === 1 ? first : entry;
}

function pathKey({ section, url }: Pick<ManifestEntry, 'section' | 'url'>): string {
  const { origin, pathname } = new URL(url);
  return `${section} ${origin}${pathname}`;
}

function pathHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
