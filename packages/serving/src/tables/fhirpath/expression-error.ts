/** An expression that is not FHIRPath, or uses a part of it that views do not have. Its message names the place, both numbers from 1. */
export class ExpressionError extends Error {
  readonly line: number;
  readonly column: number;

  /** @param options.at the index of the wrong character in `text` */
  constructor({ text, at, reason }: { readonly text: string; readonly at: number; readonly reason: string }) {
    const before = text.slice(0, at).split('\n');
    const line = before.length;
    const column = (before.at(-1) ?? '').length + 1;
    super(`line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/** An expression that cannot be computed for a resource, or a value that its column cannot hold. */
export class EvaluationError extends Error {}
