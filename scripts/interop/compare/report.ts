import { isDeepStrictEqual } from 'node:util';
import { differencesOf } from './differences.ts';
import { type Finding, type KnownDifference, knownDifferences, type Scope } from './known-differences.ts';

/** The result of a run. It is clean if the last three are 0. */
export interface Tally {
  /** Resources, documents and facts. */
  compared: number;
  different: number;
  /** Served, and not stored. */
  missing: number;
  /** Stored, and not served. */
  extra: number;
}

type Resources = ReadonlyMap<string, unknown>;

/** More of a kind say nothing new. */
const shownPerComparison = 5;

/** Counts what is compared and says what differs. */
export class Report {
  readonly tally: Tally = { compared: 0, different: 0, missing: 0, extra: 0 };
  /** How many findings each known difference explains. */
  readonly known = new Map<KnownDifference, number>();
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  get isClean(): boolean {
    const { different, missing, extra } = this.tally;
    return different + missing + extra === 0;
  }

  /** Compares all resources of a type, by their ids. */
  resources(options: {
    readonly type: string;
    readonly served: Resources;
    readonly stored: Resources;
    readonly scope: Scope;
  }): void {
    const { type, served, stored, scope } = options;
    const shown: string[] = [];
    for (const id of new Set([...served.keys(), ...stored.keys()])) {
      this.tally.compared += 1;
      const differences = differencesOf(served.get(id), stored.get(id));
      if (differences.length === 0) continue;
      const what = !stored.has(id) ? 'missing' : served.has(id) ? 'different' : 'extra';
      if (!this.#count({ what, type, id, scope })) continue;
      const places = differences.slice(0, 3).map((one) => `${one.path}: ${show(one.served)} != ${show(one.stored)}`);
      shown.push(`${what}: ${type}/${id}${what === 'different' ? `, served != stored: ${places.join('; ')}` : ''}`);
    }
    for (const line of shown.slice(0, shownPerComparison)) this.#say(`  ✗ ${line}`);
    if (shown.length > shownPerComparison) this.#say(`  ✗ and ${shown.length - shownPerComparison} more of ${type}`);
  }

  /** Compares something other than a resource, such as the warnings of an export or the bytes of a document. */
  fact({
    what,
    expected,
    actual,
  }: {
    readonly what: string;
    readonly expected: unknown;
    readonly actual: unknown;
  }): void {
    this.tally.compared += 1;
    if (isDeepStrictEqual(actual, expected)) return;
    this.tally.different += 1;
    this.#say(`  ✗ ${what}: expected ${show(expected)}, got ${show(actual)}`);
  }

  /** @returns whether nothing explains it */
  #count(finding: Finding): boolean {
    const known = knownDifferences.find(({ explains }) => explains(finding));
    if (known) {
      this.known.set(known, (this.known.get(known) ?? 0) + 1);
      return false;
    }
    this.tally[finding.what] += 1;
    return true;
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300).replaceAll('\\u0000', '');
}
