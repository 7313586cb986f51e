/** A document that is found by its id. */
export interface Named {
  readonly _id: string;
}
