import { z } from 'zod';

export const countSchema = z.int().min(0);

/** Absent is 0. */
export const withheldCountSchema = countSchema
  .exactOptional()
  .meta({ description: 'Of erased patients whom the connection keeps out: received and not stored. Left out: none.' });

type CountShape = Readonly<Record<string, z.ZodType>>;

/** The counts that are always there. */
type Zeros<Shape extends CountShape> = {
  readonly [Name in keyof Shape as Shape[Name] extends z.ZodExactOptional ? never : Name]: number;
};

/** The counts of a shape before anything is counted. Those that may be absent are. */
export function zerosOf<Shape extends CountShape>(shape: Shape): Zeros<Shape> {
  const names = Object.keys(shape).filter((name) => !(shape[name] instanceof z.ZodExactOptional));
  return Object.fromEntries(names.map((name) => [name, 0])) as Zeros<Shape>;
}

/** The fields of a `$group` that sum the counts of a shape, which are in `path` of each document. */
export function sumsOf(shape: CountShape, path: string): Readonly<Record<string, { readonly $sum: string }>> {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, { $sum: `${path}.${name}` }]));
}
