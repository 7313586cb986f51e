import { withoutNames } from '@bulkhead/client';
import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Fragment } from 'react';
import { Link } from 'react-router';
import { anyProvider, api, type HealthCheck, type HealthProblem, type HealthSubject, refresh } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { TestConnectionButton } from '../connections/test-connection.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { errorText, messageText } from '../parts/coded-text.ts';
import { ConnectionName } from '../parts/connection.tsx';
import { formatCount, shortened } from '../parts/format.ts';
import { PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { placeOf } from './place-of.ts';

/** A worker checks the data each minute, and Redis and the processes are read with each report. */
const refreshMs = 30_000;
/** Enough to see what they have in common. Fifty would hide the next problem. */
const shownSubjects = 5;

const useReport = () => api.useQuery('get', '/api/ehr/health-report', {}, { refetchInterval: refreshMs });

/** Checks everything now, for a user who has fixed something. */
function CheckNowButton() {
  const init = { params: { query: { fresh: 'true' as const } } };
  const fresh = api.useQuery('get', '/api/ehr/health-report', init, { enabled: false });
  const checkNow = async () => {
    await fresh.refetch();
    await refresh('/api/ehr/health-report');
  };
  return (
    <Button size="compact-xs" variant="subtle" loading={fresh.isFetching} onClick={() => void checkNow()}>
      Check now
    </Button>
  );
}

/** The problems of `bulkhead doctor`, the worst first, each with a link or an action at its place. */
export function HealthReport() {
  return (
    <QueryResult query={useReport()}>
      {({ data: { severity, problems, checks, checkedAt } }) => (
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
          <Summary problems={problems} checkedAt={checkedAt} />
          {problems.map((problem) => (
            <Problem key={problem.key} problem={problem} />
          ))}
        </Stack>
      )}
    </QueryResult>
  );
}

/** What is well, for a reader who wants to know what is checked. */
export function PassedChecks() {
  const passed = useReport().data?.data.checks.filter(({ severity }) => severity === 'ok') ?? [];
  if (passed.length === 0) return null;
  return (
    <>
      <SectionTitle>Checks without a problem</SectionTitle>
      <RecordTable caption="Checks without a problem" columns={columns} rows={passed} keyOf={({ id }) => id} />
    </>
  );
}

const columns: readonly Column<HealthCheck>[] = [
  { header: 'Check', cell: ({ title }) => title },
  { header: 'Result', cell: ({ reason }) => reason },
];

const colors = { ok: 'green', warning: 'yellow', critical: 'red' } as const;

/** "1 critical, 2 warnings. Checked 40 seconds ago." */
function Summary({ problems, checkedAt }: { readonly problems: readonly HealthProblem[]; readonly checkedAt: string }) {
  const critical = problems.filter(({ severity }) => severity === 'critical').length;
  const warnings = problems.length - critical;
  const parts = [
    ...(critical > 0 ? [`${formatCount(critical)} critical`] : []),
    ...(warnings > 0 ? [`${formatCount(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  return (
    <Group gap="xs">
      <Text size="sm">
        {parts.length > 0 && <b>{parts.join(', ')}. </b>}
        Checked <Timestamp at={checkedAt} />
      </Text>
      <CheckNowButton />
    </Group>
  );
}

function Problem({ problem }: { readonly problem: HealthProblem }) {
  const { key, title, severity, reason, action, subjects, checks, connections } = problem;
  const [id = ''] = checks;
  const [showsAll, { open: showAll }] = useDisclosure(false);
  const shown = showsAll ? subjects : subjects.slice(0, shownSubjects);
  // The same sentence for each of many connections hides what they are.
  const isOneReason = shown.length < subjects.length && new Set(shown.map(reasonOf)).size === 1;
  return (
    <Alert color={colors[severity]} title={`${title} (${severity})`} style={{ overflowWrap: 'anywhere' }}>
      <Text size="sm">
        {withoutNames(reason)} <Times problem={problem} />
      </Text>
      {isOneReason ? (
        <Text size="sm" my={4}>
          {shown.map((subject, index) => (
            <Fragment key={subject.id}>
              {index > 0 && ', '}
              <PageLink to={placeOf({ check: id, subject })}>
                {subject.connectionName ?? shortened(subject.id)}
              </PageLink>
            </Fragment>
          ))}{' '}
          and others: {reasonOf(shown[0] as HealthSubject)}
        </Text>
      ) : (
        <Subjects check={id} subjects={shown} />
      )}
      {shown.length < subjects.length &&
        (connections > shownSubjects ? (
          <Button
            component={Link}
            to={`/connections?problem=${encodeURIComponent(key)}`}
            size="compact-sm"
            variant="default"
            mb={4}
          >
            Show all {formatCount(connections)} connections
          </Button>
        ) : (
          <Button size="compact-sm" variant="default" mb={4} onClick={showAll}>
            Show all {formatCount(subjects.length)}
          </Button>
        ))}
      {action !== undefined && (
        <Text size="sm">
          {withoutNames(action)}{' '}
          {subjects.length === 0 && <PageLink to={placeOf({ check: id })}>Open the page</PageLink>}
        </Text>
      )}
    </Alert>
  );
}

interface SubjectsProps {
  /** The id of the check. */
  readonly check: string;
  readonly subjects: readonly HealthSubject[];
}

function Subjects({ check, subjects }: SubjectsProps) {
  if (subjects.length === 0) return null;
  return (
    <List size="sm" my={4} spacing={4}>
      {subjects.map((subject) => (
        <List.Item key={`${subject.kind} ${subject.id} ${subject.reason}`}>
          <Group component="span" gap="xs">
            <span>
              <Subject check={check} subject={subject} />
              {subject.count === undefined ? '' : ` (${formatCount(subject.count)} times)`}: {reasonOf(subject)}
            </span>
            <SubjectAction subject={subject} />
          </Group>
        </List.Item>
      ))}
    </List>
  );
}

function Times({ problem: { since, lastSeen, asOf } }: { readonly problem: HealthProblem }) {
  if (since === undefined && asOf === undefined) return null;
  return (
    <>
      {since !== undefined && (
        <>
          Since <Timestamp at={since} isExact />
        </>
      )}
      {lastSeen !== undefined && (
        <>
          , last seen <Timestamp at={lastSeen} isExact />
        </>
      )}
      {asOf !== undefined && (
        <>
          {since === undefined ? 'As of ' : ', as of '}
          <Timestamp at={asOf} isExact />
        </>
      )}
      .
    </>
  );
}

/** A schedule has the code of the error because of which it did not start. The reason of other records contains its message. */
function reasonOf({ kind, code, reason: message }: HealthSubject): string {
  if (kind === 'schedule' && code !== undefined) return `${message}: ${errorText({ code, message }).title}`;
  return messageText({ code, message });
}

/** What helps at once: a retry, a test of a connection, or the form for its credentials. */
function SubjectAction({ subject }: { readonly subject: HealthSubject }) {
  const { kind, id, reason, code } = subject;
  const { isOperator } = useSession();
  if (code !== undefined && (kind === 'export' || kind === 'sync-run')) return <RetryButton run={subject} />;
  if (kind !== 'connection' || !isOperator) return null;
  if (reason.startsWith('token failed')) {
    return (
      <Button component={Link} to={`/connections/${id}?edit=credentials`} size="compact-xs" variant="default">
        Edit credentials
      </Button>
    );
  }
  return reason.includes('tested') ? <TestConnectionButton connection={{ id }} label="Test now" isCompact /> : null;
}

function RetryButton({ run: { kind, id } }: { readonly run: HealthSubject }) {
  const retryExport = useAction('post', '/api/ehr/{provider}/bulk-export/{jobId}/retry');
  const retrySync = useAction('post', '/api/ehr/{provider}/sync-runs/{id}/retry');
  return kind === 'export' ? (
    <ActionButton
      label="Retry"
      mutation={retryExport}
      input={{ params: { path: { provider: anyProvider, jobId: id } } }}
      isCompact
    />
  ) : (
    <ActionButton
      label="Retry"
      mutation={retrySync}
      input={{ params: { path: { provider: anyProvider, id } } }}
      isCompact
    />
  );
}

function Subject({ check, subject }: { readonly check: string; readonly subject: HealthSubject }) {
  const { kind, id, connectionId, connectionName } = subject;
  const to = placeOf({ check, subject });
  if (kind === 'connection') {
    return <PageLink to={to}>{connectionName ?? id}</PageLink>;
  }
  return (
    <>
      <PageLink to={to} title={id}>
        {kind.replace('-', ' ')} {shortened(id)}
      </PageLink>
      {connectionId !== undefined && connectionId !== id && (
        <>
          {' '}
          of <ConnectionName id={connectionId} />
        </>
      )}
    </>
  );
}
