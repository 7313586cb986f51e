import { fixedAt } from '@bulkhead/client';
import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { BulkExport, Retrying, SyncRunDetail } from '../../api/api.ts';
import { useSession } from '../../api/session.ts';
import { errorText, warningText } from '../coded-text.ts';
import { PageLink } from '../page.tsx';
import { Timestamp } from '../timestamp.tsx';

interface RunProblemsProps {
  readonly run: Pick<BulkExport | SyncRunDetail, RunField> & { readonly retrying?: Retrying | readonly Retrying[] };
  /** Problems that are worse than a warning. */
  readonly children?: ReactNode;
}

type RunField = 'id' | 'connectionId' | 'errorCode' | 'errorMessage' | 'ehrText' | 'warnings';

/** Why an export or a sync failed, and the warnings of one that did not. */
export function RunProblems({ run, children }: RunProblemsProps) {
  const { id, connectionId, errorCode, errorMessage, ehrText, retrying, warnings } = run;
  return (
    <>
      {errorMessage && (
        <FailureAlert error={{ code: errorCode ?? 'internal', message: errorMessage }} ehrText={ehrText}>
          <CredentialsLink code={errorCode} connectionId={connectionId} />
        </FailureAlert>
      )}
      {[retrying ?? []].flat().map((problem) => (
        <RetryingAlert key={keyOf(problem)} retrying={problem} connectionId={connectionId} />
      ))}
      {children}
      {[...Map.groupBy(warnings, ({ code }) => code)].map(([code, ofCode]) => (
        <WarningAlert key={code} warnings={ofCode} runId={id} />
      ))}
    </>
  );
}

interface FailureAlertProps {
  readonly error: { readonly code: string; readonly message: string };
  readonly ehrText: string | undefined;
  readonly children: ReactNode;
}

function FailureAlert({ error, ehrText, children }: FailureAlertProps) {
  const { title, text } = errorText(error);
  return (
    <Alert color="red" title={title} icon={<IconAlertTriangle aria-hidden />}>
      {text}
      <EhrText text={ehrText} />
      {children}
    </Alert>
  );
}

interface WarningAlertProps {
  /** Warnings with the same code, such as one for each type. */
  readonly warnings: BulkExport['warnings'];
  readonly runId: string;
}

function WarningAlert({ warnings, runId }: WarningAlertProps) {
  const [first] = warnings;
  if (!first) return null;
  const texts = new Set(warnings.map((warning) => warningText(warning).text));
  return (
    <Alert color="yellow" title={warningText(first).title} icon={<IconInfoCircle aria-hidden />}>
      {[...texts].map((text) => (
        <Text key={text} size="sm">
          {text}
        </Text>
      ))}
      {fixedAt('warning', first.code) === 'quarantine' && (
        <PageLink to={`/quarantine?runId=${runId}`}>Show them</PageLink>
      )}
    </Alert>
  );
}

function keyOf({ code, since, resourceType }: Retrying): string {
  return `${resourceType} ${code} ${since}`;
}

/** Why the run does not progress, and when the next attempt is. */
function RetryingAlert({ retrying, connectionId }: { readonly retrying: Retrying; readonly connectionId: string }) {
  const { state, resourceType, code, message, ehrText, attempts, since, nextAttemptAt } = retrying;
  const cause = errorText({ code, message });
  const work = resourceType === undefined ? '' : `${resourceType}: `;
  const how = state === 'waiting' ? 'waiting' : `retrying after ${attempts} failed attempts`;
  return (
    <Alert color="blue" title={`${work}${cause.title} (${how})`} icon={<IconInfoCircle aria-hidden />}>
      {cause.text}
      <EhrText text={ehrText} />
      <Text size="sm">
        Since <Timestamp at={since} />
        {nextAttemptAt !== undefined && (
          <>
            {'. Next attempt: '}
            <Timestamp at={nextAttemptAt} isExact />
          </>
        )}
      </Text>
      <CredentialsLink code={code} connectionId={connectionId} />
    </Alert>
  );
}

function EhrText({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <Text size="sm">Text from the EHR: {text}</Text>;
}

function CredentialsLink({ code, connectionId }: { readonly code: string | undefined; readonly connectionId: string }) {
  const { isOperator } = useSession();
  if (!isOperator || code === undefined || fixedAt('error', code) !== 'credentials') return null;
  return (
    <Text size="sm">
      <PageLink to={`/connections/${connectionId}?edit=credentials`}>Edit credentials</PageLink>
    </Text>
  );
}
