import type { createApiDocument } from './create-api-document.ts';

type Document = ReturnType<typeof createApiDocument>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * The document in lines that a reviewer reads in a diff: each operation with its parameters, bodies and codes, and each schema with its
 * fields. Descriptions and examples are left out.
 */
export function summarizeDocument(document: Document): string {
  const operations = Object.entries((document.paths ?? {}) as Readonly<Record<string, Fields>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => toOperation(`${method.toUpperCase()} ${path}`, operation)),
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) => `${name} ${typeOf(schema, '')}`,
  );
  const heading =
    'Written by `pnpm docs:openapi`. The whole document is at /openapi.json of a running API. Not shown: codes that every operation can have.';
  return `${[heading, ...operations.toSorted(), 'Schemas', ...schemas.toSorted()].join('\n\n')}\n`;
}

function toOperation(heading: string, operation: unknown): string {
  const { operationId, parameters = [], requestBody, responses = {}, security } = operation as Fields;
  const ofKind = (kind: string) =>
    (parameters as readonly Fields[])
      .filter((parameter) => parameter.in === kind)
      .map(({ name, required, schema }) => `  ${kind} ${name}${required ? '' : '?'}: ${typeOf(schema, '  ')}`);
  const answers = Object.entries(responses as Readonly<Record<string, Fields>>);
  return [
    `${heading}   ${operationId}${security === undefined ? '' : ', without a key'}`,
    ...ofKind('query'),
    ...ofKind('header'),
    ...bodiesOf(requestBody).map((body) => `  body ${body}`),
    ...answers
      .filter(([status]) => status < '400')
      .flatMap(([status, answer]) => {
        const bodies = bodiesOf(answer);
        return bodies.length === 0 ? [`  ${status}`] : bodies.map((body) => `  ${status} ${body}`);
      }),
    `  refuses ${answers.flatMap(([status, { description }]) => (status < '400' ? [] : codesIn(description))).join(' ')}`,
  ].join('\n');
}

/** Every operation can have these. */
const everywhere =
  'invalid-request not-json unauthenticated api-key-expired api-key-revoked forbidden cross-site-request role-not-sufficient body-too-large too-many-requests unavailable audit-unavailable'.split(
    ' ',
  );

function codesIn(description: unknown): string[] {
  const codes = [...String(description).matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code);
  return codes.filter((code) => !everywhere.includes(code));
}

function bodiesOf(part: unknown): string[] {
  const content = ((part as Fields | undefined)?.content ?? {}) as Readonly<Record<string, Fields>>;
  return Object.entries(content).map(([type, { schema }]) => `${type} ${typeOf(schema, '  ')}`);
}

/** A schema as a type. @param indent of its line */
function typeOf(schema: unknown, indent: string): string {
  const {
    $ref,
    type,
    enum: values,
    const: value,
    oneOf,
    anyOf,
    allOf,
    items,
    properties,
    additionalProperties,
  } = (schema ?? {}) as Fields;
  const all = (parts: unknown, between: string) =>
    (parts as readonly unknown[]).map((part) => typeOf(part, indent)).join(between);
  if ($ref) return String($ref).replace('#/components/schemas/', '');
  if (value !== undefined) return JSON.stringify(value);
  if (values) return (values as readonly unknown[]).map((one) => JSON.stringify(one)).join(' | ');
  if (oneOf ?? anyOf) return all(oneOf ?? anyOf, ' | ');
  if (allOf) return all(allOf, ' & ');
  if (items) return `[${typeOf(items, indent)}]`;
  if (properties) return fieldsOf(schema as Fields, indent);
  if (typeof additionalProperties === 'object') return `{ *: ${typeOf(additionalProperties, indent)} }`;
  return Array.isArray(type) ? type.join(' | ') : String(type ?? 'any');
}

function fieldsOf({ properties, required = [] }: Fields, indent: string): string {
  const inner = `${indent}  `;
  const fields = Object.entries(properties as Fields).map(
    ([name, field]) =>
      `${inner}${name}${(required as readonly string[]).includes(name) ? '' : '?'}: ${typeOf(field, inner)}`,
  );
  const onOneLine = `{ ${fields.map((field) => field.trim()).join(', ')} }`;
  const isShort = onOneLine.length <= longestLine && !onOneLine.includes('\n');
  return isShort ? onOneLine : ['{', ...fields, `${indent}}`].join('\n');
}

/** A longer object has a line for each field, so that a diff shows the field. */
const longestLine = 80;
