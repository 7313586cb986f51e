import type { BulkExport } from '../api/api.ts';

export const phaseSteps = [
  { phase: 'queued', label: 'Queued', text: 'waits for a worker' },
  { phase: 'kicking-off', label: 'Kick-off', text: 'the EHR is asked' },
  { phase: 'exporting', label: 'Exporting', text: 'the EHR writes files' },
  { phase: 'downloading', label: 'Downloading', text: 'files are stored' },
  { phase: 'finalizing', label: 'Finalizing', text: 'deletions and counts' },
] as const;

export interface PhaseStep {
  readonly phase: string;
  readonly label: string;
  readonly state: 'ahead' | 'now' | 'done' | 'ended-here';
  /** How long it took, or has taken so far; undefined where the record does not say. */
  readonly tookMs?: number;
}

/** The steps of an export on its way: of a retry only what came after it was taken up again. */
export function stepsOf({ phase, timeline }: Pick<BulkExport, 'phase' | 'timeline'>, now: Date): readonly PhaseStep[] {
  const way = lastWay(timeline);
  const isOver = phase === 'failed' || phase === 'cancelled';
  const reached = isOver ? way.findLast((one) => one.phase !== phase)?.phase : phase;
  const index = phase === 'completed' ? phaseSteps.length : phaseSteps.findIndex((step) => step.phase === reached);
  return phaseSteps.map((step, at) => {
    const state = at < index ? 'done' : at > index ? 'ahead' : isOver ? 'ended-here' : 'now';
    const tookMs = durationOf({ way, phase: step.phase, now });
    return { phase: step.phase, label: step.label, state, ...(tookMs === undefined ? {} : { tookMs }) };
  });
}

/** After the last end that was not the last word. */
function lastWay(timeline: BulkExport['timeline']): BulkExport['timeline'] {
  const ends = ['completed', 'failed', 'cancelled'];
  const retriedAt = timeline.findLastIndex((one, index) => ends.includes(one.phase) && index < timeline.length - 1);
  return timeline.slice(retriedAt + 1);
}

function durationOf(options: {
  readonly way: BulkExport['timeline'];
  readonly phase: string;
  readonly now: Date;
}): number | undefined {
  const { way, phase, now } = options;
  const index = way.findIndex((one) => one.phase === phase);
  const [from, to] = [way[index], way[index + 1]];
  if (!from) return undefined;
  const end = to === undefined ? now : new Date(to.at);
  return Math.max(end.getTime() - new Date(from.at).getTime(), 0);
}
