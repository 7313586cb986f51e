import { z } from 'zod';

/** Which lines a fault hits: one, every nth, or with neither all of them. */
export const chosenLinesFields = { line: z.int().min(1).optional(), every: z.int().min(1).optional() };

export interface ChosenLines {
  readonly line?: number | undefined;
  readonly every?: number | undefined;
}

export function isChosen({ line, every }: ChosenLines, number: number): boolean {
  return (line === undefined || number === line) && (every === undefined || number % every === 0);
}
