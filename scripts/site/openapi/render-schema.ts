import { apiReference } from '../links.ts';
import type { Schema } from './document.ts';

interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  /** The value of another field on which the field depends, such as "If `method` is `none`: ". */
  readonly condition: string;
}

/** Renders a table of all fields of an object, also of the objects in it. It is empty for a schema without fields. */
export function renderFields(schema: Schema): string {
  const fields = fieldsOf({ schema, prefix: '', condition: '' });
  if (fields.length === 0) return schema.$ref ? `The fields are those of ${typeText(schema)}.` : '';
  const rows = fields.map(
    (field) =>
      `| \`${field.name}\`${field.isRequired ? ' (required)' : ''} | ${typeText(field.schema)} | ${cell(`${field.condition}${field.schema.description ?? ''}`)} |`,
  );
  return ['| Field | Type | Description |', '|---|---|---|', ...rows].join('\n');
}

/** Returns the type of a value with its limits, such as "`string`, at most 100 characters". */
export function typeText(schema: Schema): string {
  const { $ref, enum: values, oneOf, anyOf, items } = schema;
  if ($ref) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return `[${name}](${apiReference}schemas#${name})`;
  }
  if (schema.const !== undefined) return code(schema.const);
  if (values) return values.map(code).join(', ');
  const options = oneOf ?? anyOf;
  if (options) return [...new Set(options.map(typeText))].join(' or ');
  const type = items ? `array of ${typeText(items)}` : `\`${[schema.type ?? 'any'].flat().join(' or ')}\``;
  return [type, ...limitsOf(schema)].join(', ');
}

/** Makes a text fit into a cell of a table. Markdown in it stays, and the names of pages become links. */
export function cell(text: string): string {
  return prose(text).replaceAll(/\s+/g, ' ').replaceAll('|', String.raw`\|`);
}

/** Prepares a text of the document for Markdown: what looks like HTML is text, and the names of pages become links. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll(/`?docs\/([\w/-]+)\.md`?/g, '[docs/$1.md](/docs/$1)');
}

function code(value: unknown): string {
  return `\`${cell(String(value))}\``;
}

function limitsOf({ format, pattern, default: preset, ...limits }: Schema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = limits;
  return [
    ...(format ? [format] : []),
    // The pattern of a known format says the same again, at length.
    ...(pattern && !format ? [`matches ${code(pattern)}`] : []),
    ...rangeOf({ min: minimum, max: maximum, unit: '' }),
    ...rangeOf({ min: minLength, max: maxLength, unit: ' characters' }),
    ...rangeOf({ min: minItems, max: maxItems, unit: ' entries' }),
    ...(preset === undefined ? [] : [`default ${code(JSON.stringify(preset))}`]),
  ];
}

function rangeOf({ min, max, unit }: { min: number | undefined; max: number | undefined; unit: string }): string[] {
  // The largest exact integer limits nothing that a reader would send.
  const limit = max === Number.MAX_SAFE_INTEGER ? undefined : max;
  if (limit === undefined) return min === undefined || min === 0 ? [] : [`at least ${min}${unit}`];
  return [min === undefined ? `at most ${limit}${unit}` : `${min} to ${limit}${unit}`];
}

function fieldsOf({ schema, prefix, condition }: { schema: Schema; prefix: string; condition: string }): Field[] {
  const { properties = {}, required = [], additionalProperties, items } = schema;
  const fields = Object.entries(properties).flatMap(([key, field]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    const isRequired = required.includes(key);
    // The field with the constant is itself the condition.
    const own = { name, schema: field, isRequired, condition: field.const === undefined ? condition : '' };
    return [own, ...fieldsOf({ schema: field, prefix: name, condition })];
  });
  const nested = [
    ...(items ? [{ schema: items, prefix: `${prefix}[]`, condition }] : []),
    ...(typeof additionalProperties === 'object'
      ? [{ schema: additionalProperties, prefix: prefix ? `${prefix}.*` : '*', condition }]
      : []),
    ...(schema.oneOf ?? schema.anyOf ?? []).map((option) => ({
      schema: option,
      prefix,
      condition: conditionOf(option),
    })),
  ];
  return [...fields, ...nested.flatMap(fieldsOf)];
}

/** Names the field with a constant value by which an alternative is recognized. */
function conditionOf({ properties = {} }: Schema): string {
  const constant = Object.entries(properties).find(([, field]) => field.const !== undefined);
  return constant ? `If \`${constant[0]}\` is \`${constant[1].const}\`: ` : '';
}
