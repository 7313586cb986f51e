import type { StepReport } from '@bulkhead/embedded';
import { LiveLines, type LiveStream, stepLine } from './live-lines.ts';

export interface Steps {
  /** For callers that report their own steps (`startServices`). Steps may run at the same time. */
  readonly report: (report: StepReport) => void;
  /** Runs `work` as one step. The `text` that it returns is shown behind the duration. */
  readonly run: <Value>(
    step: string,
    work: (progress: (text: string) => void) => Promise<{ text: string; value: Value }>,
  ) => Promise<Value>;
  /** Prints a permanent line. */
  readonly print: (text: string) => void;
}

/** Prints each step with its duration, and the progress of the running steps. */
export function createSteps({ stream, now = Date.now }: { stream: LiveStream; now?: () => number }): Steps {
  const live = new LiveLines({ stream, now });

  function report(step: StepReport): void {
    if (step.state === 'running') {
      live.set(step);
      return;
    }
    const line = stepLine(step, live.elapsedMs(step.step));
    if (step.state !== 'note') live.end(step.step);
    live.print(line);
  }

  return {
    report,
    print: (text) => live.print(text),
    async run(step, work) {
      report({ step, state: 'running', text: '' });
      try {
        const { text, value } = await work((progress) => report({ step, state: 'running', text: progress }));
        report({ step, state: 'done', text });
        return value;
      } catch (error) {
        report({ step, state: 'failed', text: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
  };
}
