/** A number that is drawn for a slot, written with a fixed number of decimals: 98.60 keeps its zero. */
export interface DrawnNumber {
  readonly min: number;
  readonly max: number;
  readonly decimals: number;
}

export interface Variant {
  /** A resource with slots. */
  readonly resource: object;
  readonly value?: DrawnNumber;
  readonly value2?: DrawnNumber;
}

/** What the generator knows of a resource type. */
export interface GeneratedType {
  readonly type: string;
  /** Stands in the ids: `a-195900.E-17` is a patient, `a-195900.Vital-17-3` an observation of that patient. */
  readonly idPart: string;
  readonly scope: 'patient' | 'practice';
  /** How many a patient has; for scope `practice`, how many the practice has. */
  readonly count: { readonly min: number; readonly max: number };
  readonly variants: readonly Variant[];
}
