import type { ErrorCode } from '@bulkhead/base';
import { z } from 'zod';

/** The view of an error, as other endpoints send it. */
interface ErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: unknown;
}

/** Whether a path is below the FHIR base URL of a connection, where every error is an OperationOutcome. */
export function isFhirPath(path: string): boolean {
  return /^\/api\/ehr\/[^/]+\/fhir\//.test(path);
}

export const operationOutcomeSchema = z
  .looseObject({
    resourceType: z.literal('OperationOutcome').describe('`OperationOutcome`, as FHIR requires.'),
    issue: z
      .array(
        z.looseObject({
          severity: z.string().describe('`error`.'),
          code: z.string().describe('The IssueType of FHIR.'),
          details: z
            .looseObject({
              coding: z
                .array(z.looseObject({ code: z.string().describe('The code: docs/errors.md explains it.') }))
                .describe('The code of the error.'),
              text: z.string().describe('What happened, and what to do. For people: texts can change.'),
            })
            .describe('The error.'),
          diagnostics: z.string().describe('The text again, for clients that read only this element.'),
        }),
      )
      .describe('The errors. An invalid request can have several.'),
  })
  .meta({ id: 'OperationOutcome', description: 'The shape of every error below a FHIR base URL.' });

/** The system of the codes in `issue.details`. */
const codeSystem = 'urn:bulkhead:error';

/** Writes an error as an OperationOutcome, with an issue for each fault of an invalid request. */
export function toOperationOutcome({ code, message, details }: ErrorView, status: number) {
  const faults =
    code === 'invalid-request' && Array.isArray(details) ? (details as { message: string; path: string }[]) : [];
  const texts = faults.length > 1 ? faults.map((fault) => `\`${fault.path}\` ${fault.message}.`) : [message];
  return {
    resourceType: 'OperationOutcome',
    issue: texts.map((text) => ({
      severity: status >= 500 ? 'fatal' : 'error',
      code: issueCodes[status] ?? (status >= 500 ? 'exception' : 'invalid'),
      details: { coding: [{ system: codeSystem, code }], text },
      diagnostics: text,
    })),
  };
}

/** https://hl7.org/fhir/R4/valueset-issue-type.html */
const issueCodes: Readonly<Record<number, string>> = {
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  406: 'not-supported',
  409: 'conflict',
  410: 'deleted',
  413: 'too-long',
  422: 'too-costly',
  429: 'throttled',
  503: 'transient',
};
