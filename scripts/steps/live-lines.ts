import type { StepReport } from '@bulkhead/embedded';

export interface LiveStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

interface Running {
  readonly since: number;
  text: string;
  printedAt: number;
}

// Ten redraws a second look like continuous movement.
const REDRAW_MS = 100;
// In a file or a CI log: often enough to show that the step has not stopped, and seldom enough to keep the log
// readable.
const HEARTBEAT_MS = 10_000;

/**
 * Shows the running steps: on a terminal it redraws them below all other output, elsewhere it prints a line every 10 s.
 */
export class LiveLines {
  readonly #stream: LiveStream;
  readonly #now: () => number;
  readonly #running = new Map<string, Running>();
  #drawnLines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ stream, now }: { stream: LiveStream; now: () => number }) {
    this.#stream = stream;
    this.#now = now;
  }

  set({ step, text }: { step: string; text: string }): void {
    const current = this.#running.get(step) ?? { since: this.#now(), text, printedAt: this.#now() };
    this.#running.set(step, Object.assign(current, { text }));
    this.#refresh();
  }

  /** @returns how long the step has been running. */
  elapsedMs(step: string): number {
    return this.#now() - (this.#running.get(step)?.since ?? this.#now());
  }

  end(step: string): void {
    this.#running.delete(step);
    this.#refresh();
  }

  /** Prints a permanent line above the live lines. */
  print(line: string): void {
    this.#erase();
    this.#stream.write(`${line}\n`);
    this.#refresh();
  }

  #refresh(): void {
    this.#erase();
    if (this.#stream.isTTY) this.#draw();
    else this.#heartbeat();
    clearTimeout(this.#timer);
    if (this.#running.size > 0) this.#timer = setTimeout(() => this.#refresh(), REDRAW_MS).unref();
  }

  #draw(): void {
    // The erase sequence counts lines, so a line must not wrap.
    const width = (this.#stream.columns ?? 80) - 1;
    for (const step of this.#running.keys()) this.#stream.write(`${this.#line(step).slice(0, width)}\n`);
    this.#drawnLines = this.#running.size;
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#stream.write(`\x1b[${this.#drawnLines}A\x1b[J`);
    this.#drawnLines = 0;
  }

  #heartbeat(): void {
    for (const [step, current] of this.#running) {
      if (this.#now() - current.printedAt < HEARTBEAT_MS) continue;
      current.printedAt = this.#now();
      this.#stream.write(`${this.#line(step)}\n`);
    }
  }

  #line(step: string): string {
    const text = this.#running.get(step)?.text ?? '';
    return stepLine({ step, state: 'running', text }, this.elapsedMs(step));
  }
}

const MARKS = { done: '✔', failed: '✘', note: 'ℹ', running: '…' } as const;

/** Formats a step as one line: its state, its name, the time it took so far, and its text. */
export function stepLine(report: StepReport, sinceMs: number): string {
  return `${MARKS[report.state]} ${report.step.padEnd(12)} ${duration(sinceMs).padStart(7)}  ${report.text}`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
