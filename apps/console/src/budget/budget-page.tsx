import { Stack } from '@mantine/core';
import { LiveBadge } from '../parts/live-badge.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { BudgetCard } from './budget-card.tsx';
import { keyOfBudget } from './key-of-budget.ts';
import { useLiveBudgets } from './use-live-budgets.ts';

/** How much of what an EHR allows is used, at this moment and over the day. */
export function BudgetPage() {
  const { found, live } = useLiveBudgets();
  return (
    <Page title="Rate budget" beside={<LiveBadge state={live} />}>
      <LookedUp query={found}>
        {({ data }) =>
          data.length === 0 ? (
            <NothingYet title="No budget is in use">
              Each client id at an EHR has one, from its first connection on.
            </NothingYet>
          ) : (
            <Stack>
              {data.map((budget) => (
                <BudgetCard key={keyOfBudget(budget)} budget={budget} />
              ))}
            </Stack>
          )
        }
      </LookedUp>
    </Page>
  );
}
