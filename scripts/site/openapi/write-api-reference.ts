import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headingAnchor } from '../../docs/heading-anchor.ts';
import { apiReference } from '../links.ts';
import { type ApiDocument, type Call, callsOf, readApiDocument } from './document.ts';
import { paragraphs, renderOperation } from './render-operation.ts';
import { cell, prose, renderFields, typeText } from './render-schema.ts';

interface Page {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

const folder = join(import.meta.dirname, '..', 'api-reference');
/** The pages are generated, so there is no file to edit. The outline lists the operations without their parts. */
const frontmatter = '---\neditLink: false\noutline: 2\n---';

/**
 * Writes the pages of the API reference from docs/openapi.json: one for each tag, one for webhooks, one for schemas and a list of all
 * operations. They are files, because the search of the site reads files only. Returns the pages for the sidebar.
 */
export function writeApiReference() {
  const document = readApiDocument();
  const pages = [...tagPages(document), webhookPage(document), schemaPage(document)];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const page of [...pages, indexPage(document)]) {
    writeFileSync(join(folder, `${page.name}.md`), `${paragraphs([frontmatter, `# ${page.title}`, page.text])}\n`);
  }
  return pages.map(({ name, title }) => ({ text: title, link: `${apiReference}${name}` }));
}

function tagPages({ tags, paths }: ApiDocument): Page[] {
  return tags.map(({ name, description }) => {
    const calls = callsOf(paths).filter(({ operation }) => operation.tags?.[0] === name);
    return { name: headingAnchor(name), title: name, text: renderCalls(description, calls) };
  });
}

function webhookPage({ webhooks }: ApiDocument): Page {
  const calls = callsOf(webhooks).map((webhook) => ({ ...webhook, call: 'POST to your URL' }));
  return {
    name: 'webhooks',
    title: 'Webhooks',
    text: renderCalls('Requests that Bulkhead sends to your program.', calls),
  };
}

function renderCalls(description: string, calls: readonly Call[]): string {
  return paragraphs([prose(description), ...calls.map(renderOperation)]);
}

function schemaPage({ components }: ApiDocument): Page {
  const sections = Object.entries(components.schemas).map(([name, schema]) =>
    paragraphs([
      `## ${name} {#${name}}`,
      prose(schema.description ?? ''),
      renderFields(schema) || `Type: ${typeText(schema)}`,
    ]),
  );
  return { name: 'schemas', title: 'Schemas', text: paragraphs(['The objects of requests and answers.', ...sections]) };
}

function indexPage({ info, tags, paths, components }: ApiDocument): Page {
  const lists = tags.flatMap(({ name }) => {
    const calls = callsOf(paths).filter(({ operation }) => operation.tags?.[0] === name);
    const rows = calls.map(
      ({ call, operation }) =>
        `| \`${call}\` | [${operation.summary}](${apiReference}${headingAnchor(name)}#${operation.operationId}) |`,
    );
    return [`## ${name}`, ['| Call | What it does |', '|---|---|', ...rows].join('\n')];
  });
  const headers = Object.entries(components.headers).map(
    ([name, { description }]) => `| \`${name}\` | ${cell(description)} |`,
  );
  const text = paragraphs([
    `Every operation of version ${info.version}. [How to use the HTTP API](/docs/api) shows what all of them have in common, and ` +
      `[Errors](/docs/errors) explains the codes. Programs can read <a href="openapi.json" download>openapi.json</a>, in OpenAPI 3.1.`,
    ...Object.values(components.securitySchemes).map(({ description }) => prose(description)),
    ...lists,
    '## Headers of answers',
    ['| Header | Meaning |', '|---|---|', ...headers].join('\n'),
  ]);
  return { name: 'index', title: 'API reference', text };
}
