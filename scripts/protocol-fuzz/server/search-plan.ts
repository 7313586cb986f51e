import type { Interruption } from './export-plan.ts';

/** The behaviour of a hostile server in the searches of one sync. It is plain JSON like the plan of an export. */
export interface SearchPlan {
  /** Answers before each page is served. */
  readonly interruptions: readonly Interruption[];
  /** The entries of a page; 0 for a single page. */
  readonly pageSize: number;
  readonly coding: 'identity' | 'gzip' | 'deflate';
  readonly total: 'absent' | 'right' | 'high';
  readonly urls: 'absolute' | 'relative';
  /** Each entry is sent twice. */
  readonly repeats: boolean;
  /** The first page of each search has an entry that cannot be stored, because its id has 129 characters. */
  readonly hasBadEntry: boolean;
  /** The first page of each search has a match of a type that was not requested. */
  readonly hasForeignEntry: boolean;
  /** Each page has an OperationOutcome besides the matches. */
  readonly outcome: 'none' | 'warning' | 'error';
  /** The type whose searches are odd; undefined for every type. */
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
    /** The last page is empty. */
    | 'empty-last-page'
    /** One redirect to the same address with an additional parameter. */
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
