import { Alert } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface RunProblemsProps {
  readonly run: {
    readonly errorCode?: string | undefined;
    readonly errorMessage?: string | undefined;
    readonly warnings: readonly { readonly code: string; readonly message: string }[];
  };
  /** What is worse than a warning. */
  readonly children?: ReactNode;
}

/** Why an export or a sync has failed, and what to know of one that has not. */
export function RunProblems({ run: { errorCode, errorMessage, warnings }, children }: RunProblemsProps) {
  return (
    <>
      {errorMessage && (
        <Alert color="red" title={errorCode} icon={<IconAlertTriangle aria-hidden />}>
          {errorMessage}
        </Alert>
      )}
      {children}
      {warnings.map(({ code, message }) => (
        <Alert key={code + message} color="yellow" title={code} icon={<IconInfoCircle aria-hidden />}>
          {message}
        </Alert>
      ))}
    </>
  );
}
