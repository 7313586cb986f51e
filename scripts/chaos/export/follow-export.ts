import { pollUntil } from '../poll-until.ts';
import type { ChaosSystem } from '../system/start-chaos-system.ts';

/** The status of an export as the API shows it. */
export interface ExportView {
  readonly id: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly phase: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly counts: { readonly promised: number; readonly stored: number; readonly filesFailed: number };
}

/** A request to an API that is being killed may hang. It must not use up the time of the round. */
const answerTimeoutMs = 10_000;
const intervalMs = 100;

/** @returns the export at its end; undefined if it does not end in time */
export function followExport(options: {
  readonly system: ChaosSystem;
  readonly exportId: string;
  readonly timeoutMs: number;
}): Promise<ExportView | undefined> {
  const {
    system: { baseUrl, apiKey },
    exportId,
    timeoutMs,
  } = options;
  return pollUntil(
    async () => {
      const response = await fetch(`${baseUrl}/api/ehr/athenahealth/bulk-export/${exportId}`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      const { data } = (await response.json()) as { data?: ExportView };
      return data && data.status !== 'IN_PROGRESS' ? data : undefined;
    },
    { timeoutMs, intervalMs },
  );
}
