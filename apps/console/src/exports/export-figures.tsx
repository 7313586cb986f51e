import { Paper, Progress } from '@mantine/core';
import type { BulkExport } from '../api/records.ts';
import { Facts } from '../parts/facts.tsx';
import { formatBytes } from '../parts/format-bytes.ts';
import { formatCount } from '../parts/format-count.ts';
import { formatDuration } from '../parts/format-duration.ts';
import { useProgressRate } from './use-progress-rate.ts';

interface ExportFiguresProps {
  readonly counts: BulkExport['counts'];
  readonly isRunning: boolean;
}

/** How much is done, how fast it goes, and how long it will take at that rate. */
export function ExportFigures({ counts, isRunning }: ExportFiguresProps) {
  const { promised, stored, stale, quarantined, withheld = 0, bytes, unchanged, deleted } = counts;
  const done = stored + stale + quarantined + withheld;
  const { bytesPerSecond, leftMs } = useProgressRate({ bytes, done, total: promised, isRunning });
  const figures = {
    Files: `${formatCount(counts.filesCompleted)} of ${formatCount(counts.files)}`,
    Failed: counts.filesFailed > 0 ? formatCount(counts.filesFailed) : undefined,
    // A manifest need not say how many resources its files have.
    Stored: promised > 0 ? `${formatCount(stored)} of ${formatCount(promised)}` : formatCount(stored),
    'of them unchanged': formatCount(unchanged),
    'Older than stored': stale > 0 ? formatCount(stale) : undefined,
    Quarantined: formatCount(quarantined),
    'Of erased patients': withheld > 0 ? formatCount(withheld) : undefined,
    Deleted: formatCount(deleted),
    Received: formatBytes(bytes),
    Rate: bytesPerSecond === undefined ? undefined : `${formatBytes(bytesPerSecond)}/s`,
    Left: leftMs === undefined ? undefined : formatDuration(leftMs),
  };
  return (
    <Paper withBorder p="md">
      {isRunning && promised > 0 && (
        <Progress value={(done / promised) * 100} mb="md" aria-label={`${done} of ${promised} resources`} />
      )}
      <Facts facts={figures} areFigures />
    </Paper>
  );
}
