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

/** Texts of a quarter, half and one megabyte. Quadratic time is noticeable at these sizes. */
const defaultBytes = 256_000;

/** A parser of external input. */
export interface Reader {
  readonly name: string;
  readonly parse: (text: string) => unknown;
  /** Puts the repeated characters where the parser reaches them, for example into an open string. */
  readonly wrap?: (run: string) => string;
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
  for (const run of runs) {
    const growth = await measure(options, run);
    if (growth) growths.push(growth);
  }
  return growths;
}

async function measure(
  { parse, wrap = (run) => run, smallestBytes = defaultBytes, attempts = defaultAttempts }: Measured,
  run: string,
): Promise<Growth | undefined> {
  const cpuMsOf = async (times: number): Promise<number> => {
    const text = wrap(run.repeat(Math.ceil((times * smallestBytes) / run.length)));
    const before = process.threadCpuUsage();
    try {
      await parse(text);
    } catch {
      // A rejected text counts too, because only the time matters.
    }
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  // In nearly all cases a smaller text proves the result alone: even if the time grew with the cube of the size, the largest text would
  // take less than the least time.
  for (const times of [1, 2, 4]) {
    if ((await cpuMsOf(times)) < (mostGrowth * leastMs) / (4 / times) ** 3) return undefined;
  }
  let cpuMs = [1, 2, 4].map(() => Number.POSITIVE_INFINITY);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const times = [await cpuMsOf(1), await cpuMsOf(2), await cpuMsOf(4)];
    cpuMs = cpuMs.map((ms, index) => Math.min(ms, times[index] as number));
    const [first = 0, , last = 0] = cpuMs;
    if (last < mostGrowth * Math.max(first, leastMs)) return undefined;
  }
  return { run, cpuMs };
}
