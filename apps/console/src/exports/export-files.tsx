import { Group, Pagination, Progress, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { BulkExport, OutputFile } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { formatBytes, formatCount } from '../parts/format.ts';
import { EmptyState } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { noFilesText } from './export-texts.ts';
import { fileRate } from './output-files.ts';

const choices = ['all', 'downloading', 'pending', 'failed', 'completed'] as const;
/** So that an export of 20,000 files is a table of 400 pages, which a browser can draw. */
const pageSize = 50;

interface ExportFilesProps {
  readonly files: readonly OutputFile[];
  readonly status: BulkExport['status'];
}

/** The ledger: each file of the manifest with the state of its lines. */
export function ExportFiles({ files, status }: ExportFilesProps) {
  const [choice, setChoice] = useState<string>('all');
  const [page, setPage] = useState(1);
  if (files.length === 0) {
    const { title, text } = noFilesText(status);
    return <EmptyState title={title}>{text}</EmptyState>;
  }
  const shownFiles = files.filter(({ state }) => choice === 'all' || state === choice);
  const pages = Math.max(Math.ceil(shownFiles.length / pageSize), 1);
  const current = Math.min(page, pages);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label="Which files"
          data={choices.map((value) => ({ value, label: value }))}
          value={choice}
          onChange={setChoice}
        />
        <Text size="sm" c="dimmed">
          {formatCount(shownFiles.length)} files
        </Text>
      </Group>
      <RecordTable
        caption="Files of the export"
        columns={columns}
        rows={shownFiles.slice((current - 1) * pageSize, current * pageSize)}
        keyOf={({ id }) => id}
      />
      {pages > 1 && (
        <Pagination
          total={pages}
          value={current}
          onChange={setPage}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
    </Stack>
  );
}

const columns: readonly Column<OutputFile>[] = [
  { header: 'Type', cell: ({ type, section }) => (section === 'output' ? type : `${type} (${section})`) },
  { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  { header: 'Lines', cell: (file) => <Lines file={file} />, isFigure: true },
  { header: 'Stored', cell: ({ stored }) => formatCount(stored), isFigure: true, from: 'sm' },
  { header: 'Quarantined', cell: ({ quarantined }) => formatCount(quarantined), isFigure: true, from: 'md' },
  { header: 'Received', cell: ({ bytes }) => formatBytes(bytes), isFigure: true, from: 'sm' },
  { header: 'Rate', cell: (file) => rateOf(file), isFigure: true, from: 'md' },
  { header: 'Tries', cell: ({ attempts }) => attempts, isFigure: true, from: 'lg' },
];

function Lines({ file: { lines, promisedCount, state } }: { readonly file: OutputFile }) {
  const text =
    promisedCount === undefined ? formatCount(lines) : `${formatCount(lines)} / ${formatCount(promisedCount)}`;
  if (state !== 'downloading' || !promisedCount) return text;
  return (
    <>
      {text}
      <Progress size="xs" value={(lines / promisedCount) * 100} aria-label={text} />
    </>
  );
}

function rateOf(file: OutputFile): string {
  const bytesPerSecond = fileRate(file, new Date());
  return bytesPerSecond === undefined ? '' : `${formatBytes(bytesPerSecond)}/s`;
}
