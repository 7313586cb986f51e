/** What is being done, for whoever shows it. Steps with different names run side by side. */
export interface StepReport {
  readonly step: string;
  /** `running` replaces the step's live text, `note` is a line to keep, `done` and `failed` end the step. */
  readonly state: 'running' | 'note' | 'done' | 'failed';
  readonly text: string;
}
