import type { BulkExport } from '../api/api.ts';

const phaseSteps = [
  { phase: 'queued', label: 'Queued', text: 'waiting for a worker' },
  { phase: 'kicking-off', label: 'Kick-off', text: 'kick-off at the EHR' },
  { phase: 'exporting', label: 'Exporting', text: 'the EHR is writing files' },
  { phase: 'downloading', label: 'Downloading', text: 'storing files' },
  { phase: 'finalizing', label: 'Finalizing', text: 'deletions and totals' },
] as const;

export interface PhaseStep {
  readonly phase: string;
  readonly label: string;
  readonly state: 'ahead' | 'now' | 'done' | 'ended-here';
  /** The duration so far or at the end. Undefined if the record does not contain it. */
  readonly tookMs?: number;
  /** What happens in the phase. Absent in one that has ended, or that an ended export will not reach. */
  readonly text?: string;
}

/** The steps of an export. After a retry, only the steps since the retry. */
export function stepsOf({ phase, timeline }: Pick<BulkExport, 'phase' | 'timeline'>, now: Date): readonly PhaseStep[] {
  const way = lastWay(timeline);
  const isOver = phase === 'failed' || phase === 'cancelled';
  const reached = isOver ? way.findLast((entry) => entry.phase !== phase)?.phase : phase;
  const index = phase === 'completed' ? phaseSteps.length : phaseSteps.findIndex((step) => step.phase === reached);
  const durationOf = (step: string) => {
    const entered = way.findIndex((entry) => entry.phase === step);
    const [from, to] = [way[entered], way[entered + 1]];
    if (!from) return undefined;
    const end = to === undefined ? now : new Date(to.at);
    return Math.max(end.getTime() - new Date(from.at).getTime(), 0);
  };
  return phaseSteps.map((step, at) => {
    const state = at < index ? 'done' : at > index ? 'ahead' : isOver ? 'ended-here' : 'now';
    const tookMs = durationOf(step.phase);
    const isToCome = !isOver && (state === 'now' || state === 'ahead');
    return {
      phase: step.phase,
      label: step.label,
      state,
      ...(tookMs === undefined ? {} : { tookMs }),
      ...(isToCome ? { text: step.text } : {}),
    };
  });
}

/** The timeline after the last end that a retry has reopened. */
function lastWay(timeline: BulkExport['timeline']): BulkExport['timeline'] {
  const ends = ['completed', 'failed', 'cancelled'];
  const retriedAt = timeline.findLastIndex((entry, index) => ends.includes(entry.phase) && index < timeline.length - 1);
  return timeline.slice(retriedAt + 1);
}
