/** Linear time grows by 4 from the first to the last size, quadratic time by 16. */
const mostGrowth = 8;
/** Shorter times are fast enough at any growth, and too short to be measured. */
const leastMs = 50;
/**
 * Garbage collection of earlier texts makes some measurements too long. The CPU time of this thread does not depend on other
 * threads.
 */
const defaultAttempts = 8;

/** Repeated characters that make careless parsers slow, because they open, separate or repeat something. */
const runs: readonly string[] = [
  ...['"', '\\', '[', '{', '<', ' ', '\t', '0', 'a', '-', '.', ',', ';', '/', '%', ':', '\u0000', 'ü'],
  ...['\\"', '{"a":', '",', 'a=', '0.', '../', '; ', '\\,'],
];

/** Different values, separated like lists of parameters, scopes and searches. Equal ones have equal faults, which are reported once. */
const separators: readonly string[] = [',', ' ', '&', '&a=', ';', '|', '.', '/', '\n'];
const differentWith =
  (separator: string): Grow =>
  (bytes) => {
    const count = Math.ceil(bytes / (separator.length + 7));
    return Array.from({ length: count }, (_, index) => `A${(index + 36 ** 5).toString(36)}`).join(separator);
  };

/** Texts of a quarter, half and one megabyte. Quadratic time is noticeable at these sizes. */
const defaultBytes = 256_000;

/** Elements of long lists. Careless readers copy the list for each element, or compare each element with all others. */
const elements: readonly string[] = ['{}', '[]', '"a"', '1.50', '1e2', 'null'];

/** Makes a text of about this many bytes. */
type Grow = (bytes: number) => string;

const listOf =
  (element: string): Grow =>
  (bytes) =>
    `[${Array.from({ length: Math.ceil(bytes / (element.length + 1)) }, () => element).join()}]`;

/** JSON that grows in width or depth. */
const structures: ReadonlyMap<string, Grow> = new Map<string, Grow>([
  ['many keys', (bytes) => `{${Array.from({ length: bytes / 8 }, (_, index) => `"k${index}":1`).join()}}`],
  ['different objects', (bytes) => `[${Array.from({ length: bytes / 12 }, (_, index) => `{"k${index}":1}`).join()}]`],
  ['different texts', (bytes) => `[${Array.from({ length: bytes / 8 }, (_, index) => `"${index}"`).join()}]`],
  ['deep lists', (bytes) => `${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`],
  ['deep objects', (bytes) => `${'{"a":'.repeat(bytes / 6)}1${'}'.repeat(bytes / 6)}`],
]);

/** A parser of external input. */
export interface Reader {
  readonly name: string;
  readonly parse: (text: string) => unknown;
  /** Puts the repeated characters, or the JSON, where the parser reaches them, for example into an open string. */
  readonly wrap?: (run: string) => string;
  /**
   * If set, the parser is fed JSON instead of repeated characters: long lists, many keys and deep nesting. These are further elements of
   * its lists, in JSON, which pass more of its checks than the usual ones.
   */
  readonly listElements?: readonly string[];
  readonly smallestBytes?: number;
}

interface Measured extends Omit<Reader, 'name'> {
  /** How often a time that seems to grow too fast is measured. Each measurement can only clear the parser. */
  readonly attempts?: number;
}

export interface Growth {
  readonly run: string;
  /** The CPU time for each size. */
  readonly cpuMs: readonly number[];
}

/**
 * Feeds a parser texts of three sizes, each twice the one before.
 * @returns the texts for which the time grows faster than the text
 */
export async function findSuperlinear(options: Measured): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const [run, grow] of textsFor(options)) {
    const growth = await measure(options, run, grow);
    if (growth) growths.push(growth);
  }
  return growths;
}

function textsFor({ listElements }: Measured): ReadonlyMap<string, Grow> {
  if (!listElements) {
    const repeated = runs.map((run): [string, Grow] => [run, (bytes) => run.repeat(Math.ceil(bytes / run.length))]);
    const different = separators.map((each): [string, Grow] => [`different values, ${each}`, differentWith(each)]);
    return new Map([...repeated, ...different]);
  }
  const lists = [...elements, ...listElements].map((element) => [`a list of ${element}`, listOf(element)] as const);
  return new Map([...lists, ...structures]);
}

/** A time of seconds is not due to garbage collection, so that few measurements prove it. */
const certainMs = 2000;
const certainAttempts = 2;

async function measure(
  { parse, wrap = (run) => run, smallestBytes = defaultBytes, attempts = defaultAttempts }: Measured,
  run: string,
  grow: Grow,
): Promise<Growth | undefined> {
  const cpuMsOf = async (bytes: number): Promise<number> => {
    const text = wrap(grow(bytes));
    const before = process.threadCpuUsage();
    try {
      await parse(text);
    } catch {
      // A rejected text counts too, because only the time matters.
    }
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const growthAt = async (sizes: readonly number[]): Promise<Growth | undefined> => {
    let cpuMs = sizes.map(() => Number.POSITIVE_INFINITY);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const times: number[] = [];
      for (const bytes of sizes) times.push(await cpuMsOf(bytes));
      cpuMs = cpuMs.map((ms, index) => Math.min(ms, times[index] as number));
      const [first = 0, , last = 0] = cpuMs;
      if (last < mostGrowth * Math.max(first, leastMs)) return undefined;
      if (last > certainMs && attempt + 1 >= certainAttempts) break;
    }
    return { run, cpuMs };
  };
  const sizes = [1, 2, 4].map((times) => times * smallestBytes);
  // A sixteenth of the size already takes seconds if the time grows fast. The full size would then take hours.
  const growth = await growthAt(sizes.map((bytes) => Math.ceil(bytes / 16)));
  if (growth) return growth;
  // In nearly all cases a smaller text proves the result alone: even if the time grew with the cube of the size, the largest text would
  // take less than the least time.
  for (const [index, bytes] of sizes.entries()) {
    if ((await cpuMsOf(bytes)) < (mostGrowth * leastMs) / (4 / 2 ** index) ** 3) return undefined;
  }
  return growthAt(sizes);
}
