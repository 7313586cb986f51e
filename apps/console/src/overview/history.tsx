import { BarChart, LineChart } from '@mantine/charts';
import { Group, Paper, SegmentedControl, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { api, type History as HistoryData } from '../api/api.ts';
import { axisTicks, steps } from '../parts/axis-ticks.ts';
import { useConnectionNames } from '../parts/connection.tsx';
import { formatBytes, formatCount, formatDuration, formatShortDuration } from '../parts/format.ts';
import { EmptyState, QueryResult, SectionTitle } from '../parts/page.tsx';
import {
  durationsOf,
  type HistoryChart,
  highestOf,
  lagsOf,
  outcomesOf,
  usesOf,
  volumesOf,
  waitsOf,
} from './history-charts.ts';

const ranges = [
  { value: '1', label: '24 hours' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
];
/** Samples are taken each minute. */
const refreshMs = 60_000;

/** Answers whether the last day was normal. */
export function History() {
  const [days, setDays] = useState('1');
  const params = { query: { days: Number(days) } };
  const history = api.useQuery('get', '/api/ehr/history', { params }, { refetchInterval: refreshMs });
  return (
    <Stack>
      <Group justify="space-between">
        <SectionTitle>Is this normal?</SectionTitle>
        <SegmentedControl data={ranges} value={days} onChange={setDays} aria-label="Time shown in the charts" />
      </Group>
      <QueryResult query={history}>
        {({ data }) => (
          <>
            <Figures figures={data.figures} />
            <Charts history={data} />
          </>
        )}
      </QueryResult>
    </Stack>
  );
}

type Figure = HistoryData['figures'][number];

const figureTexts: Readonly<
  Record<Figure['figure'], { readonly label: string; readonly format: (value: number) => string }>
> = {
  runs: { label: 'Exports and syncs', format: formatCount },
  'failed-runs': { label: 'Failed or incomplete', format: formatCount },
  resources: { label: 'Resources', format: formatCount },
  bytes: { label: 'Downloaded', format: formatBytes },
  'longest-lag-seconds': { label: 'Longest lag', format: (seconds) => formatDuration(seconds * 1000) },
  requests: { label: 'Requests of a budget', format: formatCount },
};

/** The last 24 hours beside the days before. */
function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 2, sm: 3, lg: 6 }} m={0}>
      {figures.map(({ figure, lastDay, usual }) => {
        const { label, format } = figureTexts[figure];
        return (
          <Paper key={figure} withBorder p="sm">
            <Text component="dt" size="xs" c="dimmed">
              {label}
            </Text>
            <Text component="dd" m={0} fw={600}>
              {format(lastDay)}
            </Text>
            <Text component="dd" m={0} size="xs" c="dimmed">
              {usual === undefined ? 'in 24 hours' : `usually ${format(usual)}`}
            </Text>
          </Paper>
        );
      })}
    </SimpleGrid>
  );
}

/** At least as many as the chart of the lag has lines. */
const namedLags = 10;

function Charts({ history }: { readonly history: HistoryData }) {
  const nameOf = useConnectionNames(history.lags.slice(0, namedLags).map(({ connectionId }) => connectionId));
  const charts = chartsOf(history, nameOf);
  if (charts.every(({ chart }) => chart.points.length === 0)) {
    return (
      <EmptyState title="No history in this time">
        The workers take a sample each minute. An export or sync is shown when it has ended.
      </EmptyState>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {charts.map((chart) => (
        <Chart key={chart.title} {...chart} />
      ))}
    </SimpleGrid>
  );
}

const inMinutes = {
  possible: steps.minutes,
  format: (minutes: number) => formatDuration(minutes * 60_000),
  formatTick: (minutes: number) => formatShortDuration(minutes * 60_000),
};
const inPercent = { possible: steps.percent, format: (value: number) => `${formatCount(Math.round(value))} %` };
const asBars = { isBar: true, possible: steps.counts, format: formatCount };

function chartsOf(history: HistoryData, nameOf: (connectionId: string) => string): readonly ChartProps[] {
  return [
    { title: 'Exports and syncs that ended', chart: outcomesOf(history), ...asBars },
    { title: 'How long they took (median)', chart: durationsOf(history), ...inMinutes },
    { title: 'Resources by type', chart: volumesOf(history), ...asBars },
    { title: 'How far connections are behind', chart: lagsOf(history, nameOf), ...inMinutes },
    { title: 'Daily request budget used', chart: usesOf(history), ...inPercent },
    { title: 'Longest wait in the queues', chart: waitsOf(history), ...inMinutes },
  ];
}

interface ChartProps {
  readonly title: string;
  readonly chart: HistoryChart;
  readonly isBar?: boolean;
  /** The steps between the ticks of the axis. */
  readonly possible: readonly number[];
  readonly format: (value: number) => string;
  /** For the axis, which has less room. */
  readonly formatTick?: (value: number) => string;
}

function Chart({ title, chart, isBar = false, possible, format, formatTick = format }: ChartProps) {
  const { points, series } = chart;
  const ticks = axisTicks({ max: highestOf(chart, { isStacked: isBar }), possible });
  const shared = {
    h: 200,
    role: 'img',
    'aria-label': `${title}, as a chart`,
    data: points.map((point) => ({ ...point })),
    dataKey: 'at',
    series: series.map((line) => ({ ...line })),
    withLegend: series.length > 1,
    valueFormatter: format,
    yAxisProps: { tickFormatter: formatTick, width: 64, ticks, domain: [0, ticks.at(-1) ?? 1] },
    xAxisProps: { tickFormatter: formatAt, minTickGap: 40 },
    tooltipProps: { labelFormatter: formatAt },
  } as const;
  return (
    <Paper withBorder p="md">
      <Title order={3} size="h5" mb="xs">
        {title}
      </Title>
      {points.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing in this time.
        </Text>
      ) : isBar ? (
        <BarChart {...shared} type="stacked" barProps={{ isAnimationActive: false, maxBarSize: 40 }} />
      ) : (
        <LineChart
          {...shared}
          // A value is valid for its period. A curve would show values that nothing has measured.
          curveType="stepAfter"
          withDots={points.length < 3}
          connectNulls
          lineProps={{ isAnimationActive: false }}
        />
      )}
    </Paper>
  );
}

const timeFormat = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** The chart asks for the label of its tooltip also while there is none. */
function formatAt(at: unknown): string {
  return typeof at === 'string' ? timeFormat.format(new Date(at)) : '';
}
