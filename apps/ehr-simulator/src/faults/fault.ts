import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ExportChange } from '../export/bulk-export.ts';
import type { ExportRegistry } from '../export/export-registry.ts';
import type { FileLinks } from '../export/file-links.ts';
import type { Reply } from '../http/reply.ts';
import type { TokenStore } from '../oauth/token-store.ts';
import type { Clock } from '../options/clock.ts';
import type { Practice } from '../practice/practice.ts';
import type { LineChange } from './change-lines.ts';

interface BeforeInput {
  readonly req: Request;
  readonly res: Response;
  readonly simulator: FaultTarget;
}

interface ChangeReplyInput {
  readonly reply: Reply;
  readonly simulator: FaultTarget;
  readonly req: Request;
}

interface WireInput {
  readonly body: AsyncIterable<Buffer>;
  readonly res: Response;
}

/** What a fault does to one exchange. Every part is optional, and most faults have one. */
export interface ClaimedFault {
  /** Before the handler. A reply is sent instead of the handler's; `gone`: the connection is dealt with. */
  before?(input: BeforeInput): Promise<Reply | 'gone' | undefined>;
  /** For a kick-off: what becomes of the export that it starts. */
  readonly changeExport?: ExportChange;
  /** The lines of a file, before a range is cut out of it. */
  readonly changeFile?: LineChange;
  /**
   * The answer as a value: status, headers, the document, the text of a file before compression. `gone`: the
   * connection is dealt with.
   */
  changeReply?(input: ChangeReplyInput): Reply | 'gone' | Promise<Reply | 'gone'>;
  /** The bytes on the wire, after compression. */
  wire?(input: WireInput): AsyncIterable<Buffer>;
}

/** What of the simulator a fault can reach; not the faults, which would know themselves. */
interface FaultTarget {
  readonly clock: Pick<Clock, 'now'>;
  readonly practice: Practice;
  readonly exports: Pick<ExportRegistry, 'regenerate'>;
  readonly links: Pick<FileLinks, 'expireAll'>;
  readonly tokens: Pick<TokenStore, 'expireAll'>;
  readonly baseUrl: () => string;
  readonly fhirEndpoint: () => string;
  readonly otherEndpoint: () => string;
  readonly isFileHost: (req: Request) => boolean;
}

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
