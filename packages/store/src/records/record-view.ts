import type { Immutable } from '@bulkhead/base';
import { z } from 'zod';

/*
 * What the API shows of a record is its view. The schema of the view names the fields of the record that are public, at every depth, so a new
 * field is internal until a view names it. `viewOf` shows those fields of a record that the schema of the view has. It does not compile while a
 * field of the view is missing.
 */

/** A date of a record, as the API shows it. */
export const instantSchema = z.iso.datetime({ offset: true });

type ObjectIn<Field> =
  Field extends z.ZodExactOptional<infer Inner>
    ? ObjectIn<Inner>
    : Field extends z.ZodArray<infer Element>
      ? ObjectIn<Element>
      : Field extends z.ZodObject<infer Shape, infer Config>
        ? string extends keyof Config['out']
          ? never
          : Shape
        : never;

/** The names of fields. A field that is an object with known fields, or a list of objects, is named with its own fields: `{ steps: ['at'] }`. */
type Names<Shape> = readonly {
  [Name in keyof Shape & string]: [ObjectIn<Shape[Name]>] extends [never]
    ? Name
    : { readonly [Field in Name]: Names<ObjectIn<Shape[Name]>> };
}[keyof Shape & string][];

type NameIn<Entry> = Entry extends string ? Entry : keyof Entry & string;
type FieldsIn<Entry, Name> = Entry extends string ? never : Name extends keyof Entry ? Entry[Name] : never;

type ViewField<Field, Fields> = Field extends z.ZodDate
  ? typeof instantSchema
  : Field extends z.ZodExactOptional<infer Inner extends z.core.SomeType>
    ? z.ZodExactOptional<As<ViewField<Inner, Fields>>>
    : Field extends z.ZodArray<infer Element extends z.core.SomeType>
      ? z.ZodArray<As<ViewField<Element, Fields>>>
      : Field extends z.ZodObject<infer Shape>
        ? [Fields] extends [never]
          ? Field
          : z.ZodObject<ViewShape<Shape, Fields>, z.core.$strict>
        : Field;
type As<Field> = Field extends z.core.SomeType ? Field : never;

type ViewShape<Shape, Named> = Named extends readonly (infer Entry)[]
  ? { [Name in NameIn<Entry> & keyof Shape]: As<ViewField<Shape[Name], FieldsIn<Entry, Name>>> }
  : never;

/** What is named inside a field, as far as `viewShapeOf` reads it. */
type AnyNames = readonly (string | { readonly [Name in string]: AnyNames })[];

/** These fields of a record with ISO texts instead of dates, for the schema of a view. */
export function viewShapeOf<Shape extends z.core.$ZodShape, const Named extends Names<Shape>>(
  record: z.ZodObject<Shape>,
  names: Named,
): ViewShape<Shape, Named> {
  return pick(record as unknown as z.ZodObject, names as AnyNames) as ViewShape<Shape, Named>;
}

function pick({ shape }: z.ZodObject, names: AnyNames): Record<string, z.ZodType> {
  const named = names.flatMap((entry): (readonly [string, AnyNames])[] =>
    typeof entry === 'string' ? [[entry, []]] : Object.entries(entry),
  );
  return Object.fromEntries(named.map(([name, fields]) => [name, viewFieldOf(shape[name] as z.ZodType, fields)]));
}

function viewFieldOf(field: z.ZodType, names: AnyNames): z.ZodType {
  const viewField = toViewField(field, names);
  const { description } = field;
  return viewField === field || description === undefined ? viewField : viewField.meta({ description });
}

/** Returns the field itself if it holds no date and is shown as a whole, because a schema with an id must exist once in the OpenAPI document. */
function toViewField(field: z.ZodType, names: AnyNames): z.ZodType {
  if (field instanceof z.ZodDate) return instantSchema;
  if (field instanceof z.ZodExactOptional) {
    const inner = field.unwrap() as z.ZodType;
    const viewField = viewFieldOf(inner, names);
    return viewField === inner ? field : viewField.exactOptional();
  }
  if (field instanceof z.ZodArray) {
    const element = field.element as z.ZodType;
    const viewElement = viewFieldOf(element, names);
    return viewElement === element ? field : z.array(viewElement);
  }
  if (field instanceof z.ZodObject && !isOpen(field)) {
    const shape = pick(field, names);
    const isWhole = Object.keys(field.shape).every((name) => shape[name] === field.shape[name]);
    return isWhole ? field : z.strictObject(shape);
  }
  return field;
}

/** It also has fields that the schema does not know, such as those of a key that a client has registered. */
function isOpen({ def }: z.ZodObject): boolean {
  return def.catchall !== undefined && !(def.catchall instanceof z.ZodNever);
}

/** What the API shows, by the schema of the view. */
export type View<Schema extends z.ZodType> = Immutable<z.output<Schema>>;

/** The fields from which a view is made. Those of a date may be dates, at every depth. */
type Fields<Shown> = {
  readonly [Name in keyof Shown]: Source<Shown[Name]> | (undefined extends Shown[Name] ? undefined : never);
};
type Source<Value> = string extends Value
  ? Value | Date
  : Value extends readonly (infer Element)[]
    ? readonly Source<Element>[]
    : Value extends object
      ? Fields<Value>
      : Value;

/** Shows the fields that the schema names, with dates as ISO texts. Every field must be named. Those that are undefined are left out. */
export function viewOf<Schema extends z.ZodObject, Given extends Fields<View<Schema>>>(
  { shape }: Schema,
  fields: Given & { readonly [Name in Exclude<keyof View<Schema>, keyof Given>]: never },
): View<Schema> {
  return show(fields, z.object(shape)) as View<Schema>;
}

/** Leaves out what the schema does not name. Of other schemas than those of objects and lists the value is shown as it is. */
function show(value: unknown, schema: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (schema instanceof z.ZodExactOptional) return show(value, schema.unwrap());
  if (schema instanceof z.ZodArray) return (value as unknown[]).map((entry) => show(entry, schema.element));
  if (!(schema instanceof z.ZodObject) || isOpen(schema)) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  const named = Object.entries(schema.shape).filter(([name]) => fields[name] !== undefined);
  return Object.fromEntries(named.map(([name, field]) => [name, show(fields[name], field)]));
}
