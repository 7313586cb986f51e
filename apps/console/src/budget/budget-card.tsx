import { LineChart } from '@mantine/charts';
import { Alert, Group, Paper, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import type { History, RateBudget } from '../api/api.ts';
import { axisTicks, steps } from '../parts/axis-ticks.ts';
import { ConnectionNames, useConnection } from '../parts/connection.tsx';
import { formatCount, formatDuration, shortened } from '../parts/format.ts';
import { PageLink, SectionTitle } from '../parts/page.tsx';
import { usesOfWindows } from './uses-of-windows.ts';

interface BudgetCardProps {
  readonly budget: RateBudget;
  /** How much of the daily limit was used over the last day. For operators. */
  readonly day?: DayUse | undefined;
}

/** As many names as fit in a line. */
const shownConnections = 3;

/** One budget: its three limits, a chart of the last minute, waiting requests, and the reason of a pause. */
export function BudgetCard({ budget, day: ofDay }: BudgetCardProps) {
  const { name, provider, connectionIds, window, minute, day, recent, pausedMs, pauseReason, slowMs, waiting } = budget;
  const waiters = Object.entries(waiting).filter(([, count]) => count > 0);
  return (
    <Paper withBorder p="md">
      <Stack>
        <BudgetTitle name={name} connectionIds={connectionIds} />
        {pausedMs > 0 && (
          <Alert color="red" title={`Paused for ${formatDuration(pausedMs)}`}>
            The EHR asked all clients to wait{pauseReason === undefined ? '.' : `: ${pauseReason}.`}
          </Alert>
        )}
        {pausedMs === 0 && slowMs > 0 && (
          <Alert color="yellow" title={`Half the rate for ${formatDuration(slowMs)}`}>
            After a pause{pauseReason === undefined ? '' : ` (${pauseReason})`}, until the EHR has recovered.
          </Alert>
        )}
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Share name={`In the last ${window.windowMs / 1000} s`} used={window.used} limit={window.limit} />
          {minute && window.windowMs < 60_000 && (
            <Share name="In the last minute" used={minute.used} limit={minute.limit} />
          )}
          <Share name="In the last 24 hours" used={day.used} limit={day.limit} />
        </SimpleGrid>
        {recent && <RecentUse recent={recent} window={window} />}
        {ofDay && <DayUseChart day={ofDay} limit={day.limit} />}
        <Group gap="xs">
          <Text size="sm" fw={600}>
            Waiting:
          </Text>
          <Text size="sm">
            {waiters.length === 0 ? 'none' : waiters.map(([kind, count]) => `${kind} (${count})`).join(', ')}
          </Text>
        </Group>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            Shared by:
          </Text>
          <Text size="sm" component="div">
            {connectionIds.length > shownConnections ? (
              <PageLink to={`/connections?provider=${provider}`}>
                {formatCount(connectionIds.length)} connections
              </PageLink>
            ) : (
              <ConnectionNames ids={connectionIds} />
            )}
          </Text>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Budgets of one vendor differ by the client id. */
function BudgetTitle({ name, connectionIds }: Pick<RateBudget, 'name' | 'connectionIds'>) {
  // All of them have the same client id.
  const { auth } = useConnection(connectionIds[0]) ?? {};
  const clientId = auth && 'clientId' in auth ? auth.clientId : undefined;
  return <SectionTitle>{clientId === undefined ? name : `${name}, client ${shortened(clientId)}`}</SectionTitle>;
}

type DayUse = History['budgets'][number]['points'];

/** How much of the daily limit was used in the 24 hours before each point of the last day. */
function DayUseChart({ day, limit }: { readonly day: DayUse; readonly limit: number }) {
  const highest = Math.max(0, ...day.map(({ used }) => used));
  if (day.length < 2) return null;
  const ticks = axisTicks({ max: highest, possible: steps.counts });
  return (
    <LineChart
      h={180}
      role="img"
      aria-label={`Requests in 24 hours, over the last day. At most ${formatCount(highest)} of ${formatCount(limit)}.`}
      data={day.map((point) => ({ ...point }))}
      dataKey="at"
      series={[{ name: 'used', label: 'Requests in 24 hours', color: 'tide.6' }]}
      withDots={false}
      withLegend
      curveType="stepAfter"
      valueFormatter={formatCount}
      yAxisProps={{ ticks, domain: [0, ticks.at(-1) ?? 1], tickFormatter: formatCount, width: 64 }}
      xAxisProps={{ tickFormatter: formatTime, minTickGap: 40 }}
      tooltipProps={{ labelFormatter: formatTime }}
      lineProps={{ isAnimationActive: false }}
    />
  );
}

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** The chart asks for the label of its tooltip also while there is none. */
function formatTime(at: unknown): string {
  return typeof at === 'string' ? timeFormat.format(new Date(at)) : '';
}

/** The requests of a window at each of the last seconds. No chart for windows of which a minute has too few. */
function RecentUse({ recent, window: { used, limit, windowMs } }: Required<Pick<RateBudget, 'recent' | 'window'>>) {
  const data = usesOfWindows(recent, windowMs);
  if (data.length === 0) return null;
  const ticks = axisTicks({ max: limit + 1, possible: steps.counts });
  return (
    <LineChart
      h={180}
      role="img"
      aria-label={`Requests in ${windowMs / 1000} seconds, over the last minute. Now: ${used} of ${limit}.`}
      data={data}
      dataKey="secondsAgo"
      series={[{ name: 'used', label: `Requests in ${windowMs / 1000} s`, color: 'tide.6' }]}
      withDots={false}
      curveType="stepAfter"
      yAxisProps={{ domain: [0, ticks.at(-1) ?? limit], ticks }}
      xAxisProps={{ tickFormatter: (ago: number) => (ago === 0 ? 'now' : `${ago} s ago`), minTickGap: 60 }}
      referenceLines={[{ y: limit, label: `${limit} allowed`, color: 'red.7' }]}
      lineProps={{ isAnimationActive: false }}
    />
  );
}

function Share({ name, used, limit }: { readonly name: string; readonly used: number; readonly limit: number }) {
  const text = `${formatCount(used)} of ${formatCount(limit)}`;
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text fw={600}>{text}</Text>
      <Progress value={(used / limit) * 100} aria-label={`${name}: ${text}`} />
    </div>
  );
}

/** The connections with the same client id share it. They have another budget for tokens. */
export function keyOfBudget({ name, connectionIds }: RateBudget): string {
  return [name, ...connectionIds].join();
}
