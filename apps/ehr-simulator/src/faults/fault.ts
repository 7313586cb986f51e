/**
 * How a fault takes part in a request:
 *
 *   POST /_sim/orders -> onOrder, FaultBoard (ordered faults)
 *                            | take, by record-requests.middleware.ts
 *   request ------------> AppliedFault
 *                            prepare, before -> handler, changeFile -> changeReply -> compression -> wire -> socket
 *
 * `changeExport` is for a kick-off: it becomes part of the export that the kick-off starts.
 */

import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ExportChange } from '../export/bulk-export.ts';
import type { LineChange } from '../export/change-lines.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';

interface FaultedRequest {
  readonly req: Request;
  readonly res: Response;
  readonly simulator: Simulator;
}

/** The effect of a fault on one request. Every part is optional, and most faults have one. */
export interface AppliedFault {
  /**
   * Takes effect when it is ordered, and on no request.
   * @throws Error that says what is wrong with the order.
   */
  onOrder?(simulator: Simulator): unknown;
  /** Runs before the handler, which then answers as usual. */
  prepare?(request: FaultedRequest): unknown;
  /** Replaces the handler. `gone` means that the connection was already handled. Undefined: the handler answers. */
  before?(request: FaultedRequest): Promise<Reply | 'gone' | undefined>;
  /** For a kick-off: changes the export that it starts. */
  readonly changeExport?: ExportChange;
  /** Changes the lines of a file before a range is cut out of it. */
  readonly changeFile?: LineChange;
  /**
   * Changes the answer: its status, headers, document or uncompressed file. `gone` means that the connection was
   * already handled.
   */
  changeReply?(reply: Reply, request: FaultedRequest): Reply | 'gone' | Promise<Reply | 'gone'>;
  /** Changes the bytes on the wire, after compression. */
  wire?(body: AsyncIterable<Buffer>, res: Response): AsyncIterable<Buffer>;
}

export interface FaultKind {
  readonly kind: string;
  readonly schema: z.ZodObject;
  /** @throws ZodError for an invalid specification. */
  create(specification: unknown): AppliedFault;
}

export interface DefineFaultInput<Shape extends z.ZodRawShape> {
  readonly kind: string;
  readonly fields: Shape;
  readonly create: (fields: z.output<z.ZodObject<Shape>>) => AppliedFault;
}

/** Defines a kind of fault: its name, the fields of its order and its effect. */
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
