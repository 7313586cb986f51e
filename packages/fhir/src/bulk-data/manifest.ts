import { isResourceType } from '../resources/resource.ts';

/** FHIR Bulk Data 2.0 and STU3, "Response - Complete Status". STU4 drafts rename `error` to `outcome`. */
export const manifestSections = ['output', 'deleted', 'error'] as const;
export type ManifestSection = (typeof manifestSections)[number];

export interface ManifestEntry {
  readonly section: ManifestSection;
  /** The resource type of every line. It is `Bundle` for deletions and `OperationOutcome` for errors. */
  readonly type: string;
  /** An absolute URL. */
  readonly url: string;
  /** The number of lines in the file, if the server says so. */
  readonly count?: number;
  /** The types of a file that is listed for several. */
  readonly types?: readonly string[];
}

export interface ManifestHeader {
  /** The time of the snapshot by the server's clock. It becomes the `_since` of the next export. */
  readonly transactionTime: string;
  readonly requiresAccessToken: boolean;
}

/**
 * Reads one element of `output`, `deleted` or `error`. Relative URLs are resolved against the manifest's own URL: the specification
 * requires absolute ones, but servers send both.
 * @returns undefined if the element has no usable `url`
 */
export function readManifestEntry(options: {
  readonly section: ManifestSection;
  readonly value: unknown;
  readonly manifestUrl: string;
}): ManifestEntry | undefined {
  const { section, value, manifestUrl } = options;
  if (typeof value !== 'object' || value === null) return undefined;
  const { url, type, count } = value as Record<string, unknown>;
  if (typeof url !== 'string' || url.length > longestUrl || !URL.canParse(url, manifestUrl)) return undefined;
  return {
    section,
    type: typeof type === 'string' ? typeIn(section, type) : defaultTypes[section],
    url: new URL(url, manifestUrl).href,
    ...(Number.isSafeInteger(count) && (count as number) >= 0 ? { count: count as number } : {}),
  };
}

/** Servers and proxies refuse a longer request line, most of them at 8 kB. A signed URL has some 1,500 characters. */
const longestUrl = 8000;
/** Twice the longest name of a type. */
const longestType = 64;

const defaultTypes: Readonly<Record<ManifestSection, string>> = {
  output: 'Resource',
  deleted: 'Bundle',
  error: 'OperationOutcome',
};

/** The type is logged, so it must not be arbitrary text. For deletions and errors, the section implies the type. */
function typeIn(section: ManifestSection, type: string): string {
  const isUsable = section === 'output' ? type !== '' && type.length <= longestType : isResourceType(type);
  return isUsable ? type : defaultTypes[section];
}

/** Clocks of servers differ by minutes. */
const clockToleranceMs = 10 * 60_000;

/**
 * Whether a time that a server sent, such as `transactionTime`, is in the future, by more than clocks differ. If the next request asked
 * for what has changed since that time, it would miss every change until then.
 */
export function isTooFarAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + clockToleranceMs;
}
