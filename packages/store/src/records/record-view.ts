import { type Immutable, present } from '@bulkhead/runtime';
import { z } from 'zod';

/*
 * What the API shows of a record is its view. The schema of the view names the fields of the record that are public, so a new field of the
 * record is internal until a view names it. `viewOf` shows those fields of a record that the schema of the view names. `toView` is
 * for views that a function makes field by field. Neither compiles while a field of the view is missing.
 */

/** A date of a record, as the API shows it. */
export const instantSchema = z.iso.datetime({ offset: true });

type ViewField<Field extends z.core.SomeType> = Field extends z.ZodDate
  ? typeof instantSchema
  : Field extends z.ZodExactOptional<infer Inner>
    ? z.ZodExactOptional<ViewField<Inner>>
    : Field extends z.ZodArray<infer Element>
      ? z.ZodArray<ViewField<Element>>
      : Field extends z.ZodObject<infer Shape>
        ? z.ZodObject<ViewShape<Shape>, z.core.$strict>
        : Field;

export type ViewShape<Shape extends z.core.$ZodShape> = { [Name in keyof Shape]: ViewField<Shape[Name]> };

/** These fields of a record with ISO texts instead of dates, for the schema of a view. */
export function viewShapeOf<Shape extends z.core.$ZodShape, const Names extends readonly (keyof Shape & string)[]>(
  record: z.ZodObject<Shape>,
  names: Names,
): ViewShape<Pick<Shape, Names[number]>> {
  const fields = names.map((name) => [name, viewFieldOf(record.shape[name] as unknown as z.ZodType)]);
  return Object.fromEntries(fields);
}

function viewFieldOf(field: z.ZodType): z.ZodType {
  const viewField = withoutDates(field);
  const { description } = field;
  return viewField === field || description === undefined ? viewField : viewField.meta({ description });
}

/** Returns the field itself if it holds no date, because a schema with an id must exist once in the OpenAPI document. */
function withoutDates(field: z.ZodType): z.ZodType {
  if (field instanceof z.ZodDate) return instantSchema;
  if (field instanceof z.ZodExactOptional) {
    const inner = field.unwrap() as z.ZodType;
    const viewField = viewFieldOf(inner);
    return viewField === inner ? field : viewField.exactOptional();
  }
  if (field instanceof z.ZodArray) {
    const element = field.element as z.ZodType;
    const viewElement = viewFieldOf(element);
    return viewElement === element ? field : z.array(viewElement);
  }
  if (field instanceof z.ZodObject) {
    const shape = viewShapeOf(field, Object.keys(field.shape));
    const hasChanged = Object.entries(shape).some(([name, shown]) => shown !== field.shape[name]);
    return hasChanged ? z.strictObject(shape) : field;
  }
  return field;
}

/** What the API shows, by the schema of the view. */
export type View<Schema extends z.ZodType> = Immutable<z.output<Schema>>;

/** Every field must be named. Those that are undefined are left out. */
export function toView<Shown extends object>(fields: { readonly [Name in keyof Required<Shown>]: Shown[Name] }): Shown {
  return present(fields) as Shown;
}

/** The fields from which a view is made. Those of a date may be dates. */
type Fields<Shown> = {
  readonly [Name in keyof Shown]:
    | Shown[Name]
    | DateOf<Shown[Name]>
    | (undefined extends Shown[Name] ? undefined : never);
};
type DateOf<Text> = string extends Text ? Date : never;

/** Shows the fields that the schema names, with dates as ISO texts. Every field must be named. Those that are undefined are left out. */
export function viewOf<Schema extends z.ZodObject, Given extends Fields<View<Schema>>>(
  { shape }: Schema,
  fields: Given & { readonly [Name in Exclude<keyof View<Schema>, keyof Given>]: never },
): View<Schema> {
  const shown = Object.keys(shape).flatMap((name) => {
    const value = (fields as Readonly<Record<string, unknown>>)[name];
    return value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]];
  });
  return Object.fromEntries(shown);
}
