import type { Evaluate } from '../fhirpath/compiled.ts';

/** A compiled select. Its columns and those of its parts have positions in the row. */
export interface SelectPlan {
  /** Undefined: the select has the item of its parent. */
  readonly loop:
    | { readonly kind: 'forEach' | 'forEachOrNull'; readonly evaluate: Evaluate }
    | { readonly kind: 'repeat'; readonly paths: readonly Evaluate[] }
    | undefined;
  readonly columns: readonly {
    readonly index: number;
    readonly evaluate: Evaluate;
    readonly readsRowIndex: boolean;
  }[];
  readonly selects: readonly SelectPlan[];
  /** Empty: there is no union. */
  readonly unionAll: readonly SelectPlan[];
  /** The positions of all its columns: from `first` up to and without `end`. */
  readonly range: { readonly first: number; readonly end: number };
}
