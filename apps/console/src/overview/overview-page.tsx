import { Title } from '@mantine/core';
import { useLiveExports } from '../exports/use-live-exports.ts';
import { LiveBadge } from '../parts/live-badge.tsx';
import { Page } from '../parts/page.tsx';
import { useSession } from '../session/session-provider.tsx';
import { BudgetSummary } from './budget-summary.tsx';
import { ComingRuns } from './coming-runs.tsx';
import { ExportSummary } from './export-summary.tsx';
import { OpenProblems } from './open-problems.tsx';

/** What a person wants to know at 3 a.m.: does it run, what is wrong, what comes next. */
export function OverviewPage() {
  const { provider, isOperator } = useSession();
  const live = useLiveExports({ provider, connectionId: undefined });
  return (
    <Page title="Overview" beside={<LiveBadge state={live} />}>
      {isOperator && <OpenProblems />}
      <Title order={2} size="h4">
        Exports
      </Title>
      <ExportSummary />
      <Title order={2} size="h4">
        Rate budget
      </Title>
      <BudgetSummary />
      <Title order={2} size="h4">
        Next runs
      </Title>
      <ComingRuns />
    </Page>
  );
}
