import { statusOf } from '@bulkhead/http';
import { expect, test } from '@jest/globals';
import { createWholeDocument } from '../testing/all-endpoints.ts';
import { fromOutcome } from '../testing/answer-fault.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is JSON, and its parts have different fields.
type Part = any;
const document: Part = JSON.parse(JSON.stringify(createWholeDocument()));
const operationsOf = (paths: object): Part[] => Object.values(paths).flatMap((methods) => Object.values(methods));
const operations = operationsOf(document.paths);
const webhookCalls = operationsOf(document.webhooks);

interface Described {
  readonly where: string;
  /** The last part of `where`, which a description must not merely repeat. */
  readonly name: string;
  readonly description: string | undefined;
}

/** Every property below a schema. A reference is described where it leads to. */
function propertiesOf(node: Part, where: string): Described[] {
  if (!node) return [];
  const own = Object.entries<Part>(node.properties ?? {}).flatMap(([name, property]) => [
    ...(property.$ref === undefined || property.description !== undefined
      ? [{ where: `${where}.${name}`, name, description: property.description }]
      : []),
    ...propertiesOf(property, `${where}.${name}`),
  ]);
  const { items, additionalProperties, anyOf = [], oneOf = [], allOf = [] } = node;
  const alternatives = [...anyOf, ...oneOf, ...allOf].flatMap((part, index) => propertiesOf(part, `${where}|${index}`));
  const others = typeof additionalProperties === 'object' ? propertiesOf(additionalProperties, `${where}{}`) : [];
  return [...own, ...propertiesOf(items, `${where}[]`), ...others, ...alternatives];
}

function contentsOf({ content = {} }: Part, where: string): Described[] {
  return Object.values<Part>(content).flatMap(({ schema }) => propertiesOf(schema, where));
}

const described: readonly Described[] = [
  ...document.tags.map(({ name, description }: Part) => ({ where: `tag ${name}`, name, description })),
  ...Object.entries<Part>(document.components.headers).map(([name, { description }]) => ({
    where: `header ${name}`,
    name,
    description,
  })),
  ...Object.entries<Part>(document.components.schemas).flatMap(([name, schema]) => [
    { where: name, name, description: schema.description },
    ...propertiesOf(schema, name),
  ]),
  ...[...operations, ...webhookCalls].flatMap((operation) => {
    const { operationId: id, summary, description, parameters = [], requestBody, responses } = operation;
    return [
      // A summary may be the name of the operation in words.
      { where: `${id} summary`, name: '', description: summary },
      { where: id, name: summary ?? '', description },
      ...parameters.map((part: Part) => ({
        where: `${id} parameter ${part.name}`,
        name: part.name,
        description: part.description ?? part.schema?.description,
      })),
      ...(requestBody
        ? [
            { where: `${id} body`, name: 'request body', description: requestBody.description },
            ...contentsOf(requestBody, `${id} body`),
          ]
        : []),
      ...Object.entries<Part>(responses).flatMap(([status, response]) => [
        { where: `${id} ${status}`, name: id, description: response.description },
        ...contentsOf(response, `${id} ${status}`),
      ]),
    ];
  }),
];

test('every operation, parameter, body, response, header, schema and property has a description', () => {
  expect(described.length).toBeGreaterThan(1500);
  expect(described.filter(({ description = '' }) => description === '').map(({ where }) => where)).toEqual([]);
});

const fillers = new Set('a an and at by for from in is it its of on or that the this to was with'.split(' '));

/** The words of a name or a text that say something, without their endings. */
function wordsOf(text: string): string[] {
  const words =
    text
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  return words.filter((word) => !fillers.has(word)).map((word) => word.replace(/(?:e?s|d)$/, ''));
}

test('no description merely repeats the name', () => {
  const repeating = described.filter(({ name, description = '' }) => {
    const known = new Set(wordsOf(name));
    return wordsOf(description).every((word) => known.has(word));
  });
  expect(repeating.map(({ where, description }) => `${where}: ${description}`)).toEqual([]);
});

test('every description of an operation has at least a whole sentence that its summary does not have', () => {
  const short = operations.filter(({ summary = '', description = '' }) => {
    return description.length < 60 || !description.trimEnd().endsWith('.') || description.startsWith(summary);
  });
  expect(short.map(({ operationId }) => operationId)).toEqual([]);
});

test('every error response has an example of each of its codes, with a message that says what to do', () => {
  const wrong = operations.flatMap(({ operationId, responses }) =>
    Object.entries<Part>(responses)
      .filter(([status]) => status >= '400' && status !== '431')
      .flatMap(([status, { description = '', content = {} }]) => {
        // Their responses have shapes of their own.
        const isReadiness = ['getReadiness', 'issueToken'].includes(operationId);
        const { examples: written = {} } = content['application/json'] ?? content['application/fhir+json'] ?? {};
        const examples = Object.values<Part>(written).map(({ value }) => value.error ?? fromOutcome(value).error);
        const named = [...description.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code);
        const codes = new Set(examples.map(({ code }) => code));
        const isComplete = named.every((code) => codes.has(code)) && examples.length > 0;
        const isReal = examples.every(({ code, message }) => {
          return String(statusOf(code)) === status && message.endsWith('.') && message.length > 30;
        });
        return isReadiness || (isComplete && isReal) ? [] : [`${operationId} ${status}`];
      }),
  );
  expect(wrong).toEqual([]);
});

test('a response and a webhook may get new fields, and a request may not have unknown ones', () => {
  const closed = (node: unknown): boolean =>
    typeof node === 'object' &&
    node !== null &&
    ((node as Part).additionalProperties === false || Object.values(node).some(closed));
  expect(Object.keys(document.components.schemas).filter((name) => closed(document.components.schemas[name]))).toEqual(
    [],
  );
  expect(closed(document.webhooks)).toBe(false);
  expect(operations.filter(({ responses }) => closed(responses))).toEqual([]);
  expect(operations.filter(({ requestBody }) => closed(requestBody)).length).toBeGreaterThan(10);
});

test('no boolean has a constant, because generators of clients read it as the text "true"', () => {
  const constants: string[] = [];
  JSON.stringify(document, (key, value) => {
    if (key === 'const' && typeof value === 'boolean') constants.push(key);
    return value;
  });
  expect(constants).toEqual([]);
});
