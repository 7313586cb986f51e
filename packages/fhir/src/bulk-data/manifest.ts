import { isResourceType } from '../resources/resource.ts';

/** FHIR Bulk Data 2.0 and STU3, "Response - Complete Status"; STU4 drafts rename `error` to `outcome`. */
export const manifestSections = ['output', 'deleted', 'error'] as const;
export type ManifestSection = (typeof manifestSections)[number];

export interface ManifestEntry {
  readonly section: ManifestSection;
  /** The resource type of every line; `Bundle` for deletions, `OperationOutcome` for errors. */
  readonly type: string;
  /** Absolute. */
  readonly url: string;
  /** Lines in the file, where the server says so. */
  readonly count?: number;
}

export interface ManifestHeader {
  /** The server's clock at the snapshot: the next export's `_since`. */
  readonly transactionTime: string;
  readonly requiresAccessToken: boolean;
}

/**
 * One element of `output`, `deleted` or `error`. Relative URLs are resolved against the manifest's own address: the
 * specification asks for absolute ones, servers send both.
 * @returns undefined where the element has no usable `url`.
 */
export function readManifestEntry(options: {
  readonly section: ManifestSection;
  readonly value: unknown;
  readonly manifestUrl: string;
}): ManifestEntry | undefined {
  const { section, value, manifestUrl } = options;
  if (typeof value !== 'object' || value === null) return undefined;
  const { url, type, count } = value as Record<string, unknown>;
  if (typeof url !== 'string' || !URL.canParse(url, manifestUrl)) return undefined;
  return {
    section,
    type: typeof type === 'string' ? typeIn(section, type) : defaultTypes[section],
    url: new URL(url, manifestUrl).href,
    ...(Number.isSafeInteger(count) && (count as number) >= 0 ? { count: count as number } : {}),
  };
}

const defaultTypes: Readonly<Record<ManifestSection, string>> = {
  output: 'Resource',
  deleted: 'Bundle',
  error: 'OperationOutcome',
};

/** The section says what a file of deletions or errors is. Its type is logged, so it must not be any text of the server. */
function typeIn(section: ManifestSection, type: string): string {
  const isUsable = section === 'output' ? type !== '' : isResourceType(type);
  return isUsable ? type : defaultTypes[section];
}
