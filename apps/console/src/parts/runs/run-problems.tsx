import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { BulkExport, Retrying, SyncRunDetail } from '../../api/api.ts';
import { useSession } from '../../session/session-provider.tsx';
import { PageLink } from '../page.tsx';
import { Timestamp } from '../timestamp.tsx';

interface RunProblemsProps {
  readonly run: Pick<BulkExport | SyncRunDetail, RunField> & { readonly retrying?: Retrying | readonly Retrying[] };
  /** Problems that are worse than a warning. */
  readonly children?: ReactNode;
}

type RunField = 'id' | 'connectionId' | 'errorCode' | 'errorMessage' | 'ehrText' | 'warnings';

/** The warnings about lines or entries that are in the quarantine. */
const inQuarantine: ReadonlySet<string> = new Set(['lines-quarantined', 'entries-rejected']);

/** Why an export or a sync failed, and the warnings of one that did not. */
export function RunProblems({ run, children }: RunProblemsProps) {
  const { id, connectionId, errorCode, errorMessage, ehrText, retrying, warnings } = run;
  return (
    <>
      {errorMessage && (
        <Alert color="red" title={errorCode} icon={<IconAlertTriangle aria-hidden />}>
          {errorMessage}
          <EhrText text={ehrText} />
          <CredentialsLink code={errorCode} connectionId={connectionId} />
        </Alert>
      )}
      {[retrying ?? []].flat().map((problem) => (
        <RetryingAlert key={keyOf(problem)} retrying={problem} connectionId={connectionId} />
      ))}
      {children}
      {warnings.map(({ code, message }) => (
        <Alert key={code + message} color="yellow" title={code} icon={<IconInfoCircle aria-hidden />}>
          {message} {inQuarantine.has(code) && <PageLink to={`/quarantine?exportId=${id}`}>Show them</PageLink>}
        </Alert>
      ))}
    </>
  );
}

function keyOf({ code, since, resourceType }: Retrying): string {
  return `${resourceType} ${code} ${since}`;
}

/** Why the run does not progress, and when the next attempt is. */
function RetryingAlert({ retrying, connectionId }: { readonly retrying: Retrying; readonly connectionId: string }) {
  const { state, resourceType, code, message, ehrText, attempts, since, nextAttemptAt } = retrying;
  const work = resourceType === undefined ? '' : `${resourceType}: `;
  const title = `${work}${state === 'waiting' ? `waiting, ${code}` : `retrying after ${attempts} failed attempts, ${code}`}`;
  return (
    <Alert color="blue" title={title} icon={<IconInfoCircle aria-hidden />}>
      {message}
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
  return text === undefined ? null : <Text size="sm">The EHR said: {text}</Text>;
}

/** The EHR has refused the credentials, or a token that it issued for them. */
const codesOfCredentials: readonly (string | undefined)[] = ['token-refused', 'ehr-unauthorized'];

function CredentialsLink({ code, connectionId }: { readonly code: string | undefined; readonly connectionId: string }) {
  const { isOperator } = useSession();
  if (!isOperator || !codesOfCredentials.includes(code)) return null;
  return (
    <Text size="sm">
      <PageLink to={`/connections/${connectionId}?edit=credentials`}>Edit credentials</PageLink>
    </Text>
  );
}
