const megabyte = 1024 * 1024;
/** Linear time grows by 4 from the first to the last size, quadratic time by 16. */
const mostGrowth = 8;
/** What takes less is fast enough whatever its growth, and too short to be measured. */
const leastMs = 50;
/** Collecting the garbage of earlier texts makes single measurements too long. The CPU time of this thread does not depend on others. */
const attempts = 8;

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
  const cpuMsOf = async (times: number): Promise<number> => {
    const text = wrap(run.repeat(Math.ceil((times * smallestBytes) / run.length)));
    const before = process.threadCpuUsage();
    try {
      await parse(text);
    } catch {
      // A refusal is an answer too. Only the time counts.
    }
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  // The largest text alone is proof enough in nearly all cases, and costs half of all three.
  if ((await cpuMsOf(4)) < mostGrowth * leastMs) return undefined;
  let cpuMs = [1, 2, 4].map(() => Number.POSITIVE_INFINITY);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const times = [await cpuMsOf(1), await cpuMsOf(2), await cpuMsOf(4)];
    cpuMs = cpuMs.map((ms, index) => Math.min(ms, times[index] as number));
    const [first = 0, , last = 0] = cpuMs;
    if (last < mostGrowth * Math.max(first, leastMs)) return undefined;
  }
  return { run, cpuMs };
}
