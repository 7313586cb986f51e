import { z } from 'zod';
import type { ClaimedFault } from './fault.ts';

export interface FaultKind {
  readonly kind: string;
  readonly schema: z.ZodObject;
  /** @throws ZodError for a specification that is not this kind's. */
  create(specification: unknown): ClaimedFault;
}

export interface DefineFaultInput<Shape extends z.ZodRawShape> {
  readonly kind: string;
  readonly fields: Shape;
  readonly create: (fields: z.output<z.ZodObject<Shape>>) => ClaimedFault;
}

/** One kind of fault: its name, the fields of its order, and what it does. */
export function defineFault<const Shape extends z.ZodRawShape>({
  kind,
  fields,
  create,
}: DefineFaultInput<Shape>): FaultKind {
  const fieldsSchema = z.object(fields);
  return {
    kind,
    schema: z.strictObject({ kind: z.literal(kind), ...fields }),
    create: (specification) => create(fieldsSchema.parse(specification)),
  };
}
