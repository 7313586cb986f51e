import type { Interruption } from './export-plan.ts';

/** What a hostile server does in the searches of one sync. It is plain JSON, as an export's plan is. */
export interface SearchPlan {
  /** Before each page is served. */
  readonly interruptions: readonly Interruption[];
  /** 0: one page. */
  readonly pageSize: number;
  readonly coding: 'identity' | 'gzip' | 'deflate';
  readonly total: 'absent' | 'right' | 'high';
  readonly urls: 'absolute' | 'relative';
  /** Each entry twice. */
  readonly repeats: boolean;
  /** The first page of each search has an entry that cannot be stored: its id has 129 characters. */
  readonly hasBadEntry: boolean;
  /** The first page of each search has a match of a type that was not asked for. */
  readonly hasForeignEntry: boolean;
  /** Each page has an OperationOutcome beside the matches. */
  readonly outcome: 'none' | 'warning' | 'error';
  /** In the searches of this type, or of every type. */
  readonly oddType: string | undefined;
  readonly oddity:
    | 'none'
    | 'empty-object'
    | 'history'
    | 'next-null'
    | 'next-object'
    | 'next-without-url'
    | 'page-loop'
    | 'entry-object'
    | 'entry-null'
    | 'entry-with-null'
    | 'link-object'
    /** The last page is an empty one. */
    | 'empty-last-page'
    /** A redirect to the same address with one more parameter, once. */
    | 'redirect';
}

export const goodSearchPlan: SearchPlan = {
  interruptions: [],
  pageSize: 2,
  coding: 'gzip',
  total: 'right',
  urls: 'absolute',
  repeats: false,
  hasBadEntry: false,
  hasForeignEntry: false,
  outcome: 'none',
  oddType: undefined,
  oddity: 'none',
};
