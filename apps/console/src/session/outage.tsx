import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { refreshAll, refreshMs } from '../api/api.ts';
import { Page, Shape } from '../parts/page.tsx';

interface Readiness {
  readonly checks: Readonly<Record<string, 'up' | 'down'>>;
}

/** The names of the servers, and what to do if they do not respond. */
const servers: Readonly<Record<string, { readonly name: string; readonly advice: string }>> = {
  mongodb: { name: 'MongoDB', advice: 'Check that MongoDB is running, and MONGODB_URI of the API.' },
  redis: { name: 'Redis', advice: 'Check that Redis is running, and REDIS_URL of the API.' },
};

/** Shown instead of the pages while a server does not respond that every page needs. */
export function Outage() {
  const { data } = useQuery({ queryKey: ['ready'], queryFn: readReadiness, refetchInterval: refreshMs });
  const down = Object.entries(data?.checks ?? {}).filter(([, state]) => state === 'down');
  const isOver = data !== undefined && down.length === 0;
  useEffect(() => {
    if (isOver) void refreshAll();
  }, [isOver]);
  if (!data) return <Shape />;
  return (
    <Page title="Bulkhead cannot show its data">
      <Stack gap="xs">
        {isOver && <Text>All servers respond again. This page reloads by itself.</Text>}
        {down.map(([id]) => (
          <Alert key={id} color="red" role="alert" title={`${servers[id]?.name ?? id} does not respond`}>
            {servers[id]?.advice} Nothing is lost: work continues when it responds. This page reloads by itself.
          </Alert>
        ))}
      </Stack>
    </Page>
  );
}

/** The response has the same body if a server is down, with the status 503. */
async function readReadiness(): Promise<Readiness> {
  return (await fetch('/ready')).json();
}
