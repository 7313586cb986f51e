/** The type with all its fields and arrays readonly, at any depth. */
export type Immutable<Value> = Value extends Date | ((...args: never[]) => unknown)
  ? Value
  : Value extends object
    ? { readonly [Field in keyof Value]: Immutable<Value[Field]> }
    : Value;
