import { Alert, Anchor, Paper, Progress, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'react-router';
import { anyProvider, api, type RateBudget, type Schedule } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { keyOfBudget } from '../budget/budget-card.tsx';
import { useExportColumns } from '../exports/export-list.tsx';
import { useLiveExports } from '../exports/use-live-exports.ts';
import { LiveBadge } from '../parts/badges.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { formatCount } from '../parts/format.ts';
import { EmptyState, Page, PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { HealthReport } from '../system/health-report.tsx';
import { History } from './history.tsx';
import { SinceLastLook } from './since-last-look.tsx';

/** Answers what an operator asks at 3 a.m.: does everything run, is this normal, what is wrong, what is next? */
export function OverviewPage() {
  const { isOperator } = useSession();
  const live = useLiveExports();
  return (
    <Page title="Overview" beside={<LiveBadge state={live} />}>
      {isOperator ? <HealthReport /> : <HealthForOthers />}
      <SinceLastLook />
      <SectionTitle>Newest exports</SectionTitle>
      <ExportSummary />
      {isOperator && <History />}
      <SectionTitle>Rate budget</SectionTitle>
      <BudgetSummary />
      <SectionTitle>Next runs</SectionTitle>
      <ComingRuns />
    </Page>
  );
}

/** Users who may not read the report learn that there is something in it. */
function HealthForOthers() {
  const counts = api.useQuery('get', '/api/ehr/connections/counts').data?.data;
  if (!counts) return null;
  const { health, byStatus, total } = counts;
  if (health === 'ok') return <Alert color="green" title="All checks are well" />;
  const affected = byStatus.critical + byStatus.warning;
  return (
    <Alert
      color={health === 'critical' ? 'red' : 'yellow'}
      title="There are problems. Ask an operator for the details."
    >
      {affected > 0 && (
        <>
          <PageLink to="/connections">
            {formatCount(affected)} of your {formatCount(total)} connections
          </PageLink>{' '}
          are affected.
        </>
      )}
    </Alert>
  );
}

/** How much of each daily budget is used. The budget page shows the current second. */
function BudgetSummary() {
  const budgets = api.useQuery('get', '/api/ehr/rate-budgets');
  return (
    <QueryResult query={budgets}>
      {({ data }) =>
        data.length === 0 ? (
          <EmptyState title="No budget is in use" />
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {data.map((budget) => (
              <BudgetOfDay key={keyOfBudget(budget)} budget={budget} />
            ))}
          </SimpleGrid>
        )
      }
    </QueryResult>
  );
}

function BudgetOfDay({ budget: { name, day, pausedMs } }: { readonly budget: RateBudget }) {
  return (
    <Paper withBorder p="md">
      <Anchor component={Link} to="/budget">
        {name}
      </Anchor>
      <Text size="sm">
        {formatCount(day.used)} of {formatCount(day.limit)} requests in 24 hours
        {pausedMs > 0 ? ', paused' : ''}
      </Text>
      <Progress value={(day.used / day.limit) * 100} aria-label={`${name}: used of the day`} />
    </Paper>
  );
}

/** Enough to show one night of a practice. */
const limit = 5;

function ExportSummary() {
  const params = { path: { provider: anyProvider }, query: { limit } };
  const exports = api.useQuery('get', '/api/ehr/{provider}/bulk-export', { params });
  const columns = useExportColumns();
  return (
    <>
      <QueryTable
        query={exports}
        caption="Newest exports"
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No export yet">
            <PageLink to="/exports">Start the first export</PageLink>
          </EmptyState>
        }
      />
      {exports.data?.next !== undefined && (
        <PageLink to="/exports" size="sm">
          All exports
        </PageLink>
      )}
    </>
  );
}

const shownRuns = 5;

const runColumns: readonly Column<Schedule>[] = [
  { header: 'When', cell: ({ nextRunAt }) => <Timestamp at={nextRunAt} isExact /> },
  { header: 'What', cell: ({ kind }) => kind },
  { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} /> },
];

/** The schedules, the next run first. */
function ComingRuns() {
  const params = { query: { sort: 'next' as const, limit: shownRuns } };
  const schedules = api.useQuery('get', '/api/ehr/schedules', { params });
  return (
    <>
      <QueryTable
        query={schedules}
        caption="Next runs"
        columns={runColumns}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="Nothing is scheduled">
            <PageLink to="/schedules">Keep a practice current every night</PageLink>
          </EmptyState>
        }
      />
      {schedules.data?.next !== undefined && (
        <PageLink to="/schedules" size="sm">
          All schedules
        </PageLink>
      )}
    </>
  );
}
