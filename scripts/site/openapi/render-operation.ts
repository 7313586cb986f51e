import type { Call, MediaType, Operation, Parameter, Response } from './document.ts';
import { cell, prose, renderFields, typeText } from './render-schema.ts';

interface ErrorExample {
  readonly error?: { readonly code: string; readonly message: string; readonly details?: unknown };
}

/** Renders an operation as a section of a page: its parameters, its body, its answers and its errors. */
export function renderOperation({ call, operation }: Call): string {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses).filter(([status]) => !isError(status));
  const errors = Object.entries(responses).filter(([status]) => isError(status));
  return paragraphs([
    `## ${summary} {#${operationId}}`,
    `**\`${call}\`**`,
    prose(description),
    security?.length === 0 ? 'Needs no API key.' : '',
    ...subsection({
      operation,
      title: 'Parameters',
      parts: parameters.length > 0 ? [renderParameters(parameters)] : [],
    }),
    ...subsection({
      operation,
      title: 'Body',
      parts: requestBody ? [prose(requestBody.description ?? ''), ...renderContent(requestBody.content)] : [],
    }),
    ...subsection({ operation, title: 'Answers', parts: answers.flatMap(renderAnswer) }),
    ...subsection({ operation, title: 'Errors', parts: errors.length > 0 ? [renderErrors(errors)] : [] }),
  ]);
}

/** Joins the parts that are not empty. */
export function paragraphs(parts: readonly string[]): string {
  return parts.filter(Boolean).join('\n\n');
}

function isError(status: string): boolean {
  return /^[45]/.test(status);
}

function subsection({ operation, title, parts }: { operation: Operation; title: string; parts: readonly string[] }) {
  return parts.length > 0 ? [`### ${title} {#${operation.operationId}-${title.toLowerCase()}}`, ...parts] : [];
}

function renderParameters(parameters: readonly Parameter[]): string {
  const rows = parameters.map(
    ({ name, in: place, required, schema, description = '' }) =>
      `| \`${name}\`${required ? ' (required)' : ''} | ${place} | ${typeText(schema)} | ${cell(description)} |`,
  );
  return ['| Name | In | Type | Description |', '|---|---|---|---|', ...rows].join('\n');
}

function renderAnswer([status, { description, headers = {}, content = {} }]: readonly [string, Response]): string[] {
  const names = Object.keys(headers).map((name) => `\`${name}\``);
  const list = names.length > 0 ? ` Headers: ${names.join(', ')}.` : '';
  return [`**${status}** ${prose(description)}.${list}`, ...renderContent(content)];
}

function renderContent(content: Readonly<Record<string, MediaType>>): string[] {
  return Object.entries(content).flatMap(([type, { schema, example }]) => [
    type === 'application/json' ? '' : `Content type: \`${type}\``,
    example === undefined ? '' : renderExample(example),
    schema ? renderFields(schema) : '',
  ]);
}

function renderExample(example: unknown): string {
  const [language, text] = typeof example === 'string' ? ['text', example] : ['json', JSON.stringify(example, null, 2)];
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function renderErrors(errors: readonly (readonly [string, Response])[]): string {
  const rows = errors.flatMap(([status, { description, content = {} }]) => {
    const examples = Object.values(content).flatMap((type) => Object.values(type.examples ?? {}));
    const failures = examples.flatMap(({ value }) => (value as ErrorExample).error ?? []);
    if (failures.length === 0) return [`| ${status} | ${cell(description)} | |`];
    return failures.map(({ code, message, details }) => {
      const shown = details === undefined ? '' : ` \`${cell(JSON.stringify(details))}\``;
      return `| ${status} | [\`${code}\`](/docs/errors#${code}) | ${cell(message)}${shown} |`;
    });
  });
  return ['| Status | Code | Message, and an example of `details` |', '|---|---|---|', ...rows].join('\n');
}
