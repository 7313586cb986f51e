/*
 * What a feature stores, and its part in what concerns the data of all features. Erasures, retention, the rotation of the
 * encryption key and the sweep need the data of all features. They loop over a list of these and know no collection.
 */

import type { ConnectionPass, ErasurePass } from '../deletion/delete-in-batches.ts';
import type { RetentionStep } from '../deletion/retention-pass.ts';
import type { EncryptedField } from '../encryption/encrypted-field.ts';
import { type DataAmounts, noAmounts } from '../records/data-amounts.ts';

export interface PatientOfConnection {
  readonly connectionId: string;
  readonly patientId: string;
}

/** What a late write can store again although the resources that referred to it are deleted. */
export interface FoundOfPatient {
  readonly binaryIds: readonly string[];
  readonly documentIds: readonly string[];
}

export interface PatientPass extends ErasurePass, PatientOfConnection {
  readonly now: Date;
  /** What earlier passes have found. */
  readonly found: FoundOfPatient;
  /** Called with what is found, before it is deleted. */
  readonly onFound: (found: Partial<FoundOfPatient>) => Promise<void>;
}

/** An export or a sync that has not ended. */
export interface ActiveWork {
  readonly name: 'An export' | 'A sync' | 'A probe';
  /** Its id, for messages. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * The records of a feature. Passes are repeated until one finds nothing, so an interrupted pass may leave anything. A record is deleted after
 * the records that are found through it.
 */
export interface FeatureData<Kind extends string = never> {
  /** What is stored for a connection. Every count uses an index. */
  countOfConnection(connectionId: string): Promise<DataAmounts>;
  /** @returns how many records it deleted */
  eraseConnection(pass: ConnectionPass): Promise<number>;
  /**
   * What `erasePatient` would delete.
   * @param options.timeLimitMs for records that must be decrypted and searched. `uncheckedLines` counts the others
   */
  countOfPatient(patient: PatientOfConnection, options: { readonly timeLimitMs: number }): Promise<DataAmounts>;
  /**
   * What mentions the patient without being the patient's, so that it stays. For a dry run, because it is found only by reading everything.
   * @param options.timeLimitMs after which the others are counted as unchecked
   */
  countMentions(patient: PatientOfConnection, options: { readonly timeLimitMs: number }): Promise<DataAmounts>;
  /** @returns how many records it deleted or changed */
  erasePatient(pass: PatientPass): Promise<number>;
  /** What could still store data of the connection, besides erasures. */
  findActive(connectionId: string): Promise<ActiveWork | undefined>;
  /** How records of each kind are deleted when they are old. */
  readonly retention: Readonly<Record<Kind, RetentionStep>>;
  /** The fields that a rotation of the encryption key encrypts again. */
  readonly encryptedFields: readonly EncryptedField[];
}

/*
 * A feature names each part. A part in which it has nothing is one of these, so that nothing is left out by mistake.
 */

/** Nothing that a person would look for: it expires soon, or it is a trace of other data. */
export const countsNothing = async (): Promise<DataAmounts> => noAmounts;
/** Records stay when their subject is erased, because they prove who did what. */
export const keepsAsProof = async (): Promise<number> => 0;
/** No record contains an id or a text about a patient. */
export const keepsNoPatient = async (): Promise<number> => 0;
/** Nothing runs that could still store data. */
export const hasNoActiveWork = async (): Promise<undefined> => undefined;
/** Records expire by an index, or they are kept with their connection. */
export const retainsNothing = {} as const;
export const encryptsNothing: readonly EncryptedField[] = [];

/** What workers do for a feature when it is the turn of all features. */
export interface FeatureWork {
  /** Ends the work that writes for a connection that is being erased. */
  stop(connectionId: string): Promise<void>;
  /** Asks the EHR to delete what it keeps for a connection. @throws if the EHR did not confirm it */
  leaveEhr(options: { readonly connectionId: string; readonly signal: AbortSignal }): Promise<void>;
  /** Whether active work includes the patient. */
  isBusyWith(patient: PatientOfConnection): Promise<boolean>;
  /** Counts lines again that an erasure has withheld. It runs in every pass, because a crash may have happened in between. */
  recountWithheld(connectionId: string): Promise<void>;
  /** Creates the jobs that records need and that are missing. */
  ensureJobs(): Promise<void>;
}

/** It starts nothing that writes. */
export const startsNothing = async (): Promise<void> => undefined;
/** The EHR keeps nothing for it. */
export const leavesNothingAtEhr = async (): Promise<void> => undefined;
/** Its work is never for one patient. */
export const worksOnNoPatient = async (): Promise<boolean> => false;
/** Its records have no counts of withheld lines. */
export const withholdsNoLines = async (): Promise<void> => undefined;
