import type { Request, Response } from 'express';
import type { ExportChange } from '../export/bulk-export.ts';
import type { Reply } from '../http/reply.ts';
import type { LineChange } from './change-lines.ts';
import type { FaultTarget } from './fault-target.ts';

export interface BeforeInput {
  readonly req: Request;
  readonly res: Response;
  readonly simulator: FaultTarget;
}

export interface ChangeReplyInput {
  readonly reply: Reply;
  readonly simulator: FaultTarget;
  readonly req: Request;
}

export interface WireInput {
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
