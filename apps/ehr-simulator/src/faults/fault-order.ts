import { z } from 'zod';
import { answerFaults } from './answers.faults.ts';
import { connectionFaults } from './connections.faults.ts';
import { documentFaults } from './documents.faults.ts';
import { exportFaults } from './export.faults.ts';
import type { FaultKind } from './fault.ts';
import { formFaults } from './forms.faults.ts';
import { lineFaults } from './lines.faults.ts';
import { resourceFaults } from './resources.faults.ts';
import { serverFaults } from './server.faults.ts';

/** Every fault that can be ordered. To add a kind, add it to the list of its stage. */
export const faultKinds: readonly FaultKind[] = [
  ...answerFaults,
  ...connectionFaults,
  ...lineFaults,
  ...exportFaults,
  ...formFaults,
  ...resourceFaults,
  ...documentFaults,
  ...serverFaults,
];

type FaultSchema = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

/** The body of `POST /_sim/orders`. */
export const faultOrderSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.enum(['GET', 'POST', 'PUT', 'DELETE', 'HEAD']).optional(),
      /** A regular expression for the path without its query. */
      path: z.string().refine(isPattern, 'must be a regular expression').optional(),
      type: z.string().optional(),
    })
    .default({}),
  fault: z.discriminatedUnion(
    'kind',
    faultKinds.map(({ schema }) => schema) as unknown as [FaultSchema, ...FaultSchema[]],
  ),
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
  /** Skips this many matching requests first. */
  after: z.int().min(0).default(0),
});

export type FaultOrder = z.output<typeof faultOrderSchema>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    // The text is not a regular expression.
    return false;
  }
}
