import { isDeepStrictEqual } from 'node:util';
import {
  type KnownSearchDifference,
  knownSearchDifferences,
  type SearchFinding,
} from '../searches/known-search-differences.ts';
import { type Finding, type KnownDifference, knownDifferences, type Scope } from './known-differences.ts';

/** The result of a run. The run is clean if the last three numbers are 0. */
export interface Tally {
  /** The number of resources, documents and facts. */
  compared: number;
  different: number;
  /** Served, but not stored. */
  missing: number;
  /** Stored, but not served. */
  extra: number;
}

/** The result of the searches that both servers answered. Each search also counts in the `Tally`. */
export interface SearchTally {
  compared: number;
  /** The searches in which Bulkhead found something. */
  found: number;
  /** The searches whose answers differ because of a known difference. */
  explained: number;
  /** The searches whose answers differ for another reason. */
  different: number;
}

type Resources = ReadonlyMap<string, unknown>;

/** A row of a list of accepted differences. */
type Known = Pick<KnownDifference, 'id' | 'reason'>;

/** More findings of the same comparison add no information. */
const shownPerComparison = 5;

/** Counts comparisons and prints the differences. */
export class Report {
  readonly tally: Tally = { compared: 0, different: 0, missing: 0, extra: 0 };
  readonly searches: SearchTally = { compared: 0, found: 0, explained: 0, different: 0 };
  /** The number of findings that each known difference explains. */
  readonly known = new Map<Known, number>();
  readonly #print: (text: string) => void;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  get isClean(): boolean {
    const { different, missing, extra } = this.tally;
    return different + missing + extra === 0;
  }

  /** Adds the counts of another report. */
  add(other: Report): void {
    for (const name of ['compared', 'different', 'missing', 'extra'] as const) this.tally[name] += other.tally[name];
    for (const name of ['compared', 'found', 'explained', 'different'] as const)
      this.searches[name] += other.searches[name];
    for (const [known, count] of other.known) this.known.set(known, (this.known.get(known) ?? 0) + count);
  }

  /** Compares all resources of a type, by their ids. */
  resources(options: {
    readonly type: string;
    readonly served: Resources;
    readonly stored: Resources;
    readonly scope: Scope;
  }): void {
    const { type, served, stored, scope } = options;
    const examples: string[] = [];
    for (const id of new Set([...served.keys(), ...stored.keys()])) {
      this.tally.compared += 1;
      const differences = differencesOf(served.get(id), stored.get(id));
      if (differences.length === 0) continue;
      const what = !stored.has(id) ? 'missing' : served.has(id) ? 'different' : 'extra';
      if (!this.#count({ what, type, id, scope })) continue;
      const places = differences
        .slice(0, 3)
        .map((difference) => `${difference.path}: ${show(difference.served)} != ${show(difference.stored)}`);
      examples.push(`${what}: ${type}/${id}${what === 'different' ? `, served != stored: ${places.join('; ')}` : ''}`);
    }
    for (const line of examples.slice(0, shownPerComparison)) this.#print(`  ✗ ${line}`);
    if (examples.length > shownPerComparison)
      this.#print(`  ✗ and ${examples.length - shownPerComparison} more of ${type}`);
  }

  /**
   * Compares the results of a search by one parameter.
   *
   * @returns the ids that Bulkhead is expected to find: those of the server, corrected by the known differences
   */
  search(
    options: Omit<SearchFinding, 'what' | 'resource'> & {
      readonly resources: Resources;
      readonly served: ReadonlySet<string>;
      readonly stored: ReadonlySet<string>;
    },
  ): ReadonlySet<string> {
    const { type, name, value, patientIds, resources, served, stored } = options;
    const expected = new Set(served);
    const reasons = new Set<KnownSearchDifference>();
    for (const id of new Set([...served, ...stored])) {
      if (served.has(id) && stored.has(id)) continue;
      const what = stored.has(id) ? 'extra' : 'missing';
      const finding: SearchFinding = { what, type, name, value, patientIds, resource: resources.get(id) };
      const difference = knownSearchDifferences.find(({ explains }) => explains(finding));
      if (!difference) continue;
      reasons.add(difference);
      if (what === 'extra') expected.add(id);
      else expected.delete(id);
    }
    for (const known of reasons) this.explained(known);
    if (reasons.size > 0) this.searches.explained += 1;
    this.combinedSearch({ type, query: `${name}=${value}`, expected, stored });
    return expected;
  }

  /** Compares the results of a search by several values or parameters. */
  combinedSearch(options: {
    readonly type: string;
    readonly query: string;
    readonly expected: ReadonlySet<string>;
    readonly stored: ReadonlySet<string>;
  }): void {
    const { type, query, expected, stored } = options;
    this.searches.compared += 1;
    if (stored.size > 0) this.searches.found += 1;
    const different = this.tally.different;
    this.fact({ what: `${type}?${query}`, expected: [...expected].sort(), actual: [...stored].sort() });
    this.searches.different += this.tally.different - different;
  }

  /** Compares something other than a resource, such as the warnings of an export or the bytes of a document. */
  fact(options: { readonly what: string; readonly expected: unknown; readonly actual: unknown }): void {
    const { what, expected, actual } = options;
    this.tally.compared += 1;
    if (isDeepStrictEqual(actual, expected)) return;
    this.tally.different += 1;
    this.#print(`  ✗ ${what}: expected ${show(expected)}, got ${show(actual)}`);
  }

  /** Counts a finding that a known difference explains. */
  explained(known: Known): void {
    this.known.set(known, (this.known.get(known) ?? 0) + 1);
  }

  /** @returns whether no known difference explains the finding */
  #count(finding: Finding): boolean {
    const difference = knownDifferences.find(({ explains }) => explains(finding));
    if (difference) {
      this.explained(difference);
      return false;
    }
    this.tally[finding.what] += 1;
    return true;
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300).replaceAll('\\u0000', '');
}

/** A position at which two JSON values differ. */
interface Difference {
  /** Such as `.code.coding.0.display`. */
  readonly path: string;
  readonly served: unknown;
  readonly stored: unknown;
}

/**
 * Returns every position at which the values differ, at any depth. The order of members is ignored, the order of
 * elements is not.
 */
function differencesOf(served: unknown, stored: unknown, path = ''): Difference[] {
  if (served === stored) return [];
  if (!isObject(served) || !isObject(stored) || Array.isArray(served) !== Array.isArray(stored)) {
    return [{ path, served, stored }];
  }
  const names = new Set([...Object.keys(served), ...Object.keys(stored)]);
  return [...names].flatMap((name) => differencesOf(served[name], stored[name], `${path}.${name}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
