import type { QuarantinedLine } from '../api/records.ts';
import { formatCount } from '../parts/format-count.ts';

/** The line of a file, or the page of a search and the entry on it, from 1. */
export function placeOf({ source, resourceType, line, offset }: QuarantinedLine): string {
  if (source !== 'sync') return `Line ${formatCount(line)}`;
  return `${resourceType ?? 'Search'}, page ${formatCount(line)}, entry ${formatCount(offset + 1)}`;
}
