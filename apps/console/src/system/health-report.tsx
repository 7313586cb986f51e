import { Alert, Anchor, List, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api, type HealthCheck, type HealthSubject } from '../api/api.ts';
import { ConnectionName } from '../parts/connection.tsx';
import { QueryResult } from '../parts/page.tsx';
import { placeOf } from './place-of.ts';

/** The report costs some dozen reads, so it runs less often than a list of records. */
const refreshMs = 30_000;

/**
 * The checks of `bulkhead doctor`, the worst first, with a link to the place of each problem.
 * @param props.withOk also shows the checks that found no problem
 */
export function HealthReport({ withOk = false }: { readonly withOk?: boolean }) {
  const report = api.useQuery('get', '/api/ehr/health-report', {}, { refetchInterval: refreshMs });
  return (
    <QueryResult query={report}>
      {({ data: { severity, checks } }) => (
        <Stack gap="xs">
          {severity === 'ok' && (
            <Alert color="green" title="All checks are well">
              {checks.length} checks, among them{' '}
              {checks
                .slice(0, 6)
                .map(({ title }) => title.toLowerCase())
                .join(', ')}
              .
            </Alert>
          )}
          {checks
            .filter((check) => withOk || check.severity !== 'ok')
            .map((check) => (
              <Check key={check.id} check={check} />
            ))}
        </Stack>
      )}
    </QueryResult>
  );
}

const colors = { ok: 'green', warning: 'yellow', critical: 'red' } as const;

function Check({ check }: { readonly check: HealthCheck }) {
  const { id, title, severity, reason, action, subjects } = check;
  return (
    <Alert
      color={colors[severity]}
      title={`${title} (${severity})`}
      role={severity === 'ok' ? 'group' : 'alert'}
      style={{ overflowWrap: 'anywhere' }}
    >
      <Text size="sm">{reason}</Text>
      {subjects.length > 0 && (
        <List size="sm" my={4}>
          {subjects.map((subject) => (
            <List.Item key={`${subject.kind} ${subject.id} ${subject.reason}`}>
              <Subject check={id} subject={subject} />: {subject.reason}
            </List.Item>
          ))}
        </List>
      )}
      {action !== undefined && (
        <Text size="sm">
          {action}{' '}
          {subjects.length === 0 && (
            <Anchor component={Link} to={placeOf({ check: id })} inherit>
              Open the page
            </Anchor>
          )}
        </Text>
      )}
    </Alert>
  );
}

function Subject({ check, subject }: { readonly check: string; readonly subject: HealthSubject }) {
  const { kind, id, connectionId } = subject;
  const to = placeOf({ check, subject });
  if (to === `/connections/${id}`) return <ConnectionName id={id} />;
  return (
    <>
      <Anchor component={Link} to={to} inherit>
        {kind.replace('-', ' ')} {id}
      </Anchor>
      {connectionId !== undefined && connectionId !== id && (
        <>
          {' '}
          of <ConnectionName id={connectionId} />
        </>
      )}
    </>
  );
}
