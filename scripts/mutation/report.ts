import type { Mutant } from './instrument.ts';

export interface Verdict {
  readonly mutant: Mutant;
  readonly outcome: 'killed' | 'timed out' | 'survived' | 'not reached';
  /** The test that failed. */
  readonly by?: string;
}

export type ModuleReport = Readonly<ReturnType<typeof toReport>>;

/** Counts a mutant that makes the tests hang as killed, like one that fails them. */
export function toReport(options: {
  readonly module: string;
  readonly verdicts: readonly Verdict[];
  readonly total: number;
}) {
  const { module, verdicts, total } = options;
  const survivors = verdicts.filter(({ outcome }) => outcome === 'survived' || outcome === 'not reached');
  const killed = verdicts.length - survivors.length;
  return {
    module,
    /** The number of tried mutants: all, unless the run was interrupted. */
    mutants: verdicts.length,
    total,
    killed,
    survived: survivors.length,
    /** The share of killed mutants in percent. */
    score: verdicts.length === 0 ? 100 : Math.round((killed / verdicts.length) * 1_000) / 10,
    survivors: survivors.map(({ mutant }) => describeMutant(mutant)),
    /** The number of survivors that no test reaches. */
    unreached: survivors.filter(({ outcome }) => outcome === 'not reached').length,
  };
}

export function describeMutant({ file, line, original, replacement }: Mutant): string {
  return `${file}:${line}  ${shorten(original)}  ->  ${shorten(replacement)}`;
}

/** Shortens a long expression. Its beginning is enough to find it. */
function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 70 ? `${line.slice(0, 67)}...` : line;
}

export function renderReport(report: ModuleReport): string {
  const { module, mutants, total, killed, survived, unreached, score, survivors } = report;
  const tried = mutants === total ? mutants : `${mutants} of ${total}`;
  const head = `${module}: ${tried} mutants, ${killed} killed, ${survived} survived (${unreached} not reached), ${score.toFixed(1)} %`;
  return [head, ...survivors.map((survivor) => `  ${survivor}`)].join('\n');
}
