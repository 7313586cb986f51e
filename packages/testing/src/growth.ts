const megabyte = 1024 * 1024;
/** Linear time grows by 4 from the first to the last size, quadratic time by 16. */
const mostGrowth = 8;
/** What takes less is fast enough whatever its growth, and too short to be measured. */
const leastMs = 50;
/** The garbage of the texts before is collected in single measurements. CPU time does not depend on other processes. */
const attempts = 4;

/** Texts of a given size that make careless parsers slow: runs of what opens, separates or repeats something. */
const runs: readonly string[] = [
  ...['"', '\\', '[', '{', '<', ' ', '\t', '0', 'a', '-', '.', ',', ';', '/', '%', ':', '\u0000', 'ü'],
  ...['\\"', '{"a":', '",', 'a=', '0.', '../', '; ', '\\,'],
];

/** Of whole documents: 1, 2 and 4 MB. */
export const documentBytes = megabyte;
/** Of everything else; time that grows with the square is seen as well. */
const valueBytes = 256_000;

/** Reads outside input. */
export interface Reader {
  readonly name: string;
  readonly parse: (text: string) => unknown;
  /** Puts a run where the parser reaches it, for example into an open string. */
  readonly wrap?: (run: string) => string;
  readonly smallestBytes?: number;
}

export interface Growth {
  readonly run: string;
  /** For each size. */
  readonly cpuMs: readonly number[];
}

/**
 * Feeds a parser texts of three sizes, each twice the one before.
 * @returns the texts for which the time grows faster than the text
 */
export async function findSuperlinear(options: Omit<Reader, 'name'>): Promise<Growth[]> {
  const found: Growth[] = [];
  for (const run of runs) {
    const growth = await measure(options, run);
    if (growth) found.push(growth);
  }
  return found;
}

async function measure(
  { parse, wrap = (run) => run, smallestBytes = valueBytes }: Omit<Reader, 'name'>,
  run: string,
): Promise<Growth | undefined> {
  const texts = [1, 2, 4].map((times) => wrap(run.repeat(Math.ceil((times * smallestBytes) / run.length))));
  const cpuMs = texts.map(() => Number.POSITIVE_INFINITY);
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const [index, text] of texts.entries()) {
      const before = process.cpuUsage();
      try {
        await parse(text);
      } catch {
        // An error is an answer: what counts is the time.
      }
      const { user, system } = process.cpuUsage(before);
      cpuMs[index] = Math.min(cpuMs[index] as number, (user + system) / 1000);
    }
    const [first = 0, , last = 0] = cpuMs;
    if (last < mostGrowth * Math.max(first, leastMs)) return undefined;
  }
  return { run, cpuMs };
}
