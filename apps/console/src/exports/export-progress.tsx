import { Paper, Progress, Stepper } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { BulkExport } from '../api/api.ts';
import { DetailList } from '../parts/detail-list.tsx';
import { formatBytes, formatCount, formatDuration } from '../parts/format.ts';
import { PageLink } from '../parts/page.tsx';
import { timeLeft } from '../parts/runs/run-columns.tsx';
import { accountedFor, filesText } from './export-texts.ts';
import { type PhaseStep, stepsOf } from './phase-steps.ts';
import { addSample, bytesPerSecondOf, type ProgressSample } from './progress-rate.ts';

/** The progress, the rate, and the time left at that rate. */
export function ExportFigures({ record }: { readonly record: BulkExport }) {
  const { id, counts, status } = record;
  const isRunning = status === 'IN_PROGRESS';
  const { promised, stored, stale, quarantined, withheld = 0, bytes, unchanged, deleted } = counts;
  const done = accountedFor(counts);
  const bytesPerSecond = useBytesPerSecond({ bytes, isRunning });
  const figures = {
    Files: filesText(record),
    Failed: counts.filesFailed > 0 ? formatCount(counts.filesFailed) : undefined,
    // A manifest does not have to say how many resources its files have.
    Stored: promised > 0 ? `${formatCount(stored)} of ${formatCount(promised)}` : formatCount(stored),
    Unchanged: formatCount(unchanged),
    'Older than stored': stale > 0 ? formatCount(stale) : undefined,
    Quarantined:
      quarantined === 0 ? '0' : <PageLink to={`/quarantine?runId=${id}`}>{formatCount(quarantined)}</PageLink>,
    'Of erased patients': withheld > 0 ? formatCount(withheld) : undefined,
    Deleted: formatCount(deleted),
    Received: formatBytes(bytes),
    Rate: bytesPerSecond === undefined ? undefined : `${formatBytes(bytesPerSecond)}/s`,
    'Time left': timeLeft(record.activity),
  };
  return (
    <Paper withBorder p="md">
      {isRunning && promised > 0 && (
        <Progress value={(done / promised) * 100} mb="md" aria-label={`${done} of ${promised} resources`} />
      )}
      <DetailList facts={figures} areFigures />
    </Paper>
  );
}

const noSamples: readonly ProgressSample[] = [];

/** Computed from the progress since the page was opened, so a page that was just opened has no rate yet. */
function useBytesPerSecond({ bytes, isRunning }: { readonly bytes: number; readonly isRunning: boolean }) {
  const [samples, setSamples] = useState(noSamples);
  useEffect(() => {
    setSamples((before) => (isRunning ? addSample(before, { atMs: Date.now(), bytes }) : noSamples));
  }, [bytes, isRunning]);
  return bytesPerSecondOf(samples);
}

/** The phases of an export: the finished ones with their durations, and the current or last one. */
export function ExportTimeline({ record }: { readonly record: BulkExport }) {
  const isNarrow = useMediaQuery('(max-width: 68em)');
  const steps = stepsOf(record, new Date());
  const active = steps.findLastIndex(({ state }) => state === 'done') + 1;
  return (
    <Stepper
      active={active}
      size="sm"
      orientation={isNarrow ? 'vertical' : 'horizontal'}
      allowNextStepsSelect={false}
      aria-label="Phases"
    >
      {steps.map((step) => (
        <Stepper.Step
          key={step.phase}
          label={step.label}
          description={describe({ step, progress: record.progress })}
          color={step.state === 'ended-here' ? 'red' : undefined}
          loading={step.state === 'now'}
          icon={step.state === 'ended-here' ? <IconX size={16} aria-label="ended here" /> : undefined}
          aria-current={step.state === 'now' ? 'step' : undefined}
        />
      ))}
    </Stepper>
  );
}

function describe({ step, progress }: { readonly step: PhaseStep; readonly progress: string | undefined }): string {
  const { phase, state, tookMs, text = '' } = step;
  const now = state === 'now' && phase === 'exporting' && progress ? progress : text;
  const took = tookMs === undefined ? '' : formatDuration(tookMs);
  if (state === 'ahead' || took === '') return now;
  return state === 'now' ? `${now}, for ${took}` : took;
}
