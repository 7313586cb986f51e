import { hash } from 'node:crypto';
import { canonicalJson } from '@bulkhead/access/audit';
import { parseExact } from '@bulkhead/fhir';
import type { TestSystem } from '../../test-system/start-test-system.ts';
import { type Finding, finding } from './finding.ts';

/** A resource that is not stored as it is served now. */
export interface Difference {
  readonly type: string;
  readonly id: string;
  /** `extra`: stored although it is not served, so it was stored again after its deletion, or never deleted. */
  readonly what: 'missing' | 'other-version' | 'other-content' | 'extra';
  /** The time of the served version. */
  readonly lastUpdated?: Date;
}

/** The part of a resource that is compared. */
export interface ComparedResource {
  readonly id: string;
  readonly versionId?: string;
  readonly lastUpdated?: Date;
  readonly fingerprint: string;
}

/** Compares what MongoDB holds for the connection with what the simulator serves now, type by type. */
export async function readDifferences({
  simulator,
  store,
  connectionId,
}: Pick<TestSystem, 'simulator' | 'store' | 'connectionId'>): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const type of Object.keys(await simulator.types())) {
    const served = (await simulator.lines(type)).map((line) => toCompared(parseExact(line)));
    const stored: ComparedResource[] = [];
    for await (const resource of store.resourceSearch.stream({ connectionId, resourceType: type })) {
      stored.push(toCompared(resource));
    }
    differences.push(...compareResources({ type, served, stored }));
  }
  return differences;
}

export function compareResources(options: {
  readonly type: string;
  readonly served: readonly ComparedResource[];
  readonly stored: readonly ComparedResource[];
}): Difference[] {
  const { type, served, stored } = options;
  const expected = new Map(served.map((resource) => [resource.id, resource]));
  const differences: Difference[] = [];
  for (const resource of stored) {
    const expectedResource = expected.get(resource.id);
    expected.delete(resource.id);
    const { id } = resource;
    if (!expectedResource) differences.push({ type, id, what: 'extra' });
    else if (expectedResource.versionId !== resource.versionId)
      differences.push(wrong(type, expectedResource, 'other-version'));
    else if (expectedResource.fingerprint !== resource.fingerprint)
      differences.push(wrong(type, expectedResource, 'other-content'));
  }
  for (const expectedResource of expected.values()) differences.push(wrong(type, expectedResource, 'missing'));
  return differences;
}

function wrong(type: string, { id, lastUpdated }: ComparedResource, what: Difference['what']): Difference {
  return { type, id, what, ...(lastUpdated ? { lastUpdated } : {}) };
}

function toCompared(resource: unknown): ComparedResource {
  const { id, meta = {} } = resource as { id: string; meta?: { versionId?: string; lastUpdated?: string } };
  return {
    id,
    ...(meta.versionId === undefined ? {} : { versionId: meta.versionId }),
    ...(meta.lastUpdated === undefined ? {} : { lastUpdated: new Date(meta.lastUpdated) }),
    fingerprint: fingerprint(resource),
  };
}

/**
 * Hashes a resource that `parseExact` has parsed, with sorted keys and each number by its text. A changed `1.50` or an
 * old version has another hash.
 */
export function fingerprint(resource: unknown): string {
  return hash('sha256', canonicalJson(resource), 'base64url');
}

/**
 * Verifies that the stored resources equal the served ones. Any other resource is lost, or stored although it should
 * not be.
 */
export function verifyResources(differences: readonly Difference[]): Finding[] {
  const extra = differences.filter(({ what }) => what === 'extra');
  const lost = differences.filter(({ what }) => what !== 'extra');
  return [
    ...(lost.length > 0 ? [finding('lost', describe(lost), lost.length)] : []),
    ...(extra.length > 0 ? [finding('duplicated', describe(extra), extra.length)] : []),
  ];
}

/** Enough to find the cause, few enough to read. */
const maxShown = 5;

function describe(differences: readonly Difference[]): string {
  const names = differences.slice(0, maxShown).map(({ type, id, what }) => `${type}/${id} ${what}`);
  return `${names.join(', ')}${differences.length > maxShown ? ' ...' : ''}`;
}
