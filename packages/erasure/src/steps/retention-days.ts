import type { RetainedKind } from '../retention/create-retention.ts';

/** How many days each kind of record is kept; 0: for ever. */
export type RetentionDays = Readonly<Record<RetainedKind, number>>;
