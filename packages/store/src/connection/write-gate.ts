import type { SecretBox } from '@bulkhead/base/encryption';
import type { Database } from './database.ts';

/** The patients that one connection keeps out: erased patients that are never stored again. */
export interface KeptOutList {
  hasPatient(patientId: string): boolean;
}

/** A write that is under way. */
export interface Admission {
  /** The patients that the connection keeps out, if there are any. */
  readonly keptOut: KeptOutList | undefined;
  /** Must be called when MongoDB has answered. @param error what the write threw */
  end(error?: unknown): void;
}

/**
 * Lets writes begin. Every insert and every write of a secret passes it, so that an erasure and a rotation of the key can wait until all
 * writes that began before them have ended. Updates of records need no gate, because an erased record no longer exists.
 */
export interface WriteGate {
  /** Calls `write` unless the connection was erased. @throws AppError `connection-erased` */
  admit<Result>(
    connectionId: string,
    write: (keptOut: KeptOutList | undefined) => PromiseLike<Result>,
  ): Promise<Result>;
  /** Tokens are allowed until the EHR was notified of the erasure, because that needs a token. @throws AppError `connection-erased` */
  admitToken<Result>(connectionId: string, write: () => PromiseLike<Result>): Promise<Result>;
  /** For writes that encrypt secrets of no connection, or of a record that exists. */
  write<Result>(write: () => PromiseLike<Result>): Promise<Result>;
  /** For a write that consists of several calls. @throws AppError `connection-erased` */
  enter(connectionId: string): Promise<Admission>;
}

/** What repositories are made of. */
export interface StoreContext {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly gate: WriteGate;
}
