export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
