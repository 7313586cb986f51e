export interface OperationOutcomeInput {
  readonly code: string;
  readonly text: string;
}

export function operationOutcome({ code, text }: OperationOutcomeInput) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] };
}
