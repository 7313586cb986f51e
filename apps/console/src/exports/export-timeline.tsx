import { Stepper } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import type { BulkExport } from '../api/records.ts';
import { formatDuration } from '../parts/format-duration.ts';
import { type PhaseStep, phaseSteps, stepsOf } from './phase-steps.ts';

/** The phases of an export: those behind it and how long each took, the one that it is in, or the one that it has ended in. */
export function ExportTimeline({ record }: { readonly record: BulkExport }) {
  const isNarrow = useMediaQuery('(max-width: 68em)');
  const steps = stepsOf(record, new Date());
  const active = steps.findLastIndex(({ state }) => state === 'done') + 1;
  const hasEnded = steps.some(({ state }) => state === 'ended-here');
  return (
    <Stepper
      active={active}
      size="sm"
      orientation={isNarrow ? 'vertical' : 'horizontal'}
      color={hasEnded ? 'red' : undefined}
      allowNextStepsSelect={false}
      aria-label="Phases"
    >
      {steps.map((step) => (
        <Stepper.Step
          key={step.phase}
          label={step.label}
          description={describe({ step, progress: record.progress })}
          loading={step.state === 'now'}
          icon={step.state === 'ended-here' ? <IconX size={16} aria-label="ended here" /> : undefined}
          aria-current={step.state === 'now' ? 'step' : undefined}
        />
      ))}
    </Stepper>
  );
}

function describe({ step, progress }: { readonly step: PhaseStep; readonly progress: string | undefined }): string {
  const { phase, state, tookMs } = step;
  const text =
    state === 'now' && phase === 'exporting' && progress
      ? progress
      : phaseSteps.find((one) => one.phase === phase)?.text;
  if (state === 'ahead' || tookMs === undefined) return text ?? '';
  return state === 'now' ? `${text}, for ${formatDuration(tookMs)}` : formatDuration(tookMs);
}
