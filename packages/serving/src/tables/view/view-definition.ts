import { z } from 'zod';

/** Names that every database and every CSV reader accepts: https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html#column-naming. */
const columnName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,127}$/, {
  error: 'must begin with a letter, and have at most 128 letters, digits and underscores',
});
const path = z.string().min(1, { error: 'must be a FHIRPath expression' });

/** Fields of every element of FHIR. They say nothing about rows. */
const elementFields = { id: z.string().optional(), extension: z.array(z.unknown()).optional() };

const columnSchema = z.strictObject({
  ...elementFields,
  name: columnName,
  path,
  type: z.string().optional(),
  collection: z.boolean().optional(),
  description: z.string().optional(),
  tag: z.array(z.looseObject({ name: z.string().optional(), value: z.string().optional() })).optional(),
});
export type ViewColumn = z.output<typeof columnSchema>;

/** More would be a mistake, and each level adds a call to the stack. */
const maxDepth = 20;

const selectSchema: z.ZodType<ViewSelect> = z.lazy(() =>
  z.strictObject({
    ...elementFields,
    column: z.array(columnSchema).optional(),
    select: z.array(selectSchema).optional(),
    forEach: path.optional(),
    forEachOrNull: path.optional(),
    repeat: z.array(path).min(1).optional(),
    unionAll: z.array(selectSchema).optional(),
  }),
);

export interface ViewSelect {
  readonly column?: ViewColumn[] | undefined;
  readonly select?: ViewSelect[] | undefined;
  readonly forEach?: string | undefined;
  readonly forEachOrNull?: string | undefined;
  readonly repeat?: string[] | undefined;
  readonly unionAll?: ViewSelect[] | undefined;
}

/** The types that a constant can have: https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html. */
const constantSchema = z
  .strictObject({
    ...elementFields,
    name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be a name such as `use`' }),
    ...Object.fromEntries(
      ['Base64Binary', 'Canonical', 'Code', 'Date', 'DateTime', 'Id', 'Instant', 'Markdown', 'Oid', 'String'].map(
        textField,
      ),
    ),
    ...Object.fromEntries(['Time', 'Uri', 'Url', 'Uuid'].map(textField)),
    ...Object.fromEntries(['Decimal', 'Integer', 'PositiveInt', 'UnsignedInt'].map(valueField)),
    valueBoolean: z.boolean().optional(),
  })
  .refine((constant) => valuesOf(constant).length === 1, {
    error: 'must have one value, such as `valueString`',
  });

function textField(type: string) {
  return [`value${type}`, z.string().optional()] as const;
}

/** A number is a JavaScript number or an `ExactNumber`. */
function valueField(type: string) {
  return [`value${type}`, z.unknown().optional()] as const;
}

function valuesOf(constant: object): [string, unknown][] {
  return Object.entries(constant).filter(([key, value]) => key.startsWith('value') && value !== undefined);
}

/** @returns the type in FHIR, such as `dateTime`, and the value */
export function readConstant(constant: ViewConstant): { readonly type: string; readonly value: unknown } {
  const [[key, value] = ['', undefined]] = valuesOf(constant);
  const type = key.slice('value'.length);
  return { type: type.charAt(0).toLowerCase() + type.slice(1), value };
}

/** Version 2.0.0 defines a view as a logical model, whose type is its canonical URL. Later ones define a resource. */
const viewTypes = ['ViewDefinition', 'https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition'] as const;

export const viewDefinitionSchema = z
  .looseObject({
    resourceType: z.enum(viewTypes).optional().describe('`ViewDefinition`, or its canonical URL.'),
    name: z.string().max(100).optional().describe('The name of the table.'),
    resource: z
      .string({ error: 'is missing. It names the type of the resources, such as `Patient`' })
      .describe('The type of the resources from which rows are made, such as `Patient`.'),
    constant: z.array(constantSchema).optional().describe('Values that expressions use as `%name`.'),
    select: z
      .array(selectSchema, { error: 'is missing. It lists the columns of the view' })
      .min(1, { error: 'must have at least one entry' })
      .describe('The columns, and the elements that have a row each (`forEach`, `repeat`).'),
    where: z
      .array(z.strictObject({ ...elementFields, path, description: z.string().optional() }))
      .optional()
      .describe('Expressions that are true for the resources of the table.'),
  })
  .meta({
    id: 'ViewDefinition',
    description: 'A view of SQL on FHIR: https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html.',
  });

export type ViewDefinition = z.output<typeof viewDefinitionSchema>;
type ViewConstant = NonNullable<ViewDefinition['constant']>[number];

/** Whether selects are nested deeper than anyone needs. */
export function isTooDeep(selects: readonly unknown[], depth = 0): boolean {
  if (depth > maxDepth) return true;
  return selects.some((select) => {
    if (typeof select !== 'object' || select === null) return false;
    const { select: nested, unionAll } = select as { readonly select?: unknown; readonly unionAll?: unknown };
    return [nested, unionAll].some((list) => Array.isArray(list) && isTooDeep(list, depth + 1));
  });
}
