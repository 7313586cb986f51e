import { Anchor, Paper, Progress, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import type { RateBudget } from '../api/records.ts';
import { keyOfBudget } from '../budget/key-of-budget.ts';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';

/** How much of each day is used; what happens at this moment is on the budgets' own page. */
export function BudgetSummary() {
  const found = api.useQuery('get', '/api/ehr/rate-budgets');
  return (
    <LookedUp query={found}>
      {({ data }) =>
        data.length === 0 ? (
          <NothingYet title="No budget is in use" />
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {data.map((budget) => (
              <BudgetOfDay key={keyOfBudget(budget)} budget={budget} />
            ))}
          </SimpleGrid>
        )
      }
    </LookedUp>
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
