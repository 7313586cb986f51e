import type { Command, Option } from 'commander';
import { createProgram, groups, singleCommands } from './create-program.ts';

/** The pages are generated, so there is no file to edit. */
const frontmatter = '---\neditLink: false\n---';

const optionsLink = 'Each command also takes the [options of every command](/docs/cli#options-of-every-command).';

const { stdin, stdout, stderr } = process;
const program = createProgram({ stdin, stdout, stderr, env: {}, fetch });
const isGroup = (command: Command) => groups.some(({ name }) => name === command.name());

/**
 * Returns the pages of the reference on the documentation site by their file names: one for each group of commands, and one for the commands
 * without a group.
 */
export function toPages(): ReadonlyMap<string, string> {
  const singles = program.commands.filter((command) => !isGroup(command));
  return new Map([
    ...program.commands.filter(isGroup).map((group) => [`${group.name()}.md`, toGroupPage(group)] as const),
    ['other.md', toPage('Other commands', [optionsLink, ...singles.flatMap(withBelow)])],
  ]);
}

/** A command and those below it. */
function withBelow(command: Command): string[] {
  return [describe(command), ...command.commands.map((below) => describe(below, command.name()))];
}

function toGroupPage(group: Command): string {
  const alias = group.alias() === undefined ? '' : ` Also: \`bulkhead ${group.alias()}\`.`;
  return toPage(`bulkhead ${group.name()}`, [
    `${toSentence(group.description())}${alias} ${optionsLink}`,
    ...group.commands.map((command) => describe(command, group.name())),
  ]);
}

function toPage(title: string, parts: readonly string[]): string {
  return `${[frontmatter, `# ${title}`, ...parts].join('\n\n')}\n`;
}

function describe(command: Command, group?: string): string {
  const name = [group, command.name()].filter((part) => part !== undefined).join(' ');
  const usage = command.registeredArguments.map((argument) => ` <${argument.name()}>`).join('');
  const items = [
    ...command.registeredArguments.map((argument) => `- \`<${argument.name()}>\`: ${argument.description}`),
    ...command.options.filter(({ hidden }) => !hidden).map(toItem),
  ];
  const examples = (examplesByName.get(name) ?? []).map((example) => `bulkhead ${example}`);
  return [
    `## ${name}${usage.replaceAll('<', '\\<')}`,
    toSentence(command.description()),
    items.join('\n'),
    examples.length === 0 ? '' : ['```text', ...examples, '```'].join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const examplesByName = new Map([
  ...groups.flatMap((group) =>
    group.commands.map((command) => [`${group.name} ${command.name}`, command.examples] as const),
  ),
  ...singleCommands.map((command) => [command.name, command.examples] as const),
]);

function toItem({ flags, description, mandatory, argChoices, defaultValue }: Option): string {
  const notes = [
    ...(mandatory ? ['required'] : []),
    ...(argChoices === undefined ? [] : [argChoices.map((choice) => `\`${choice}\``).join(', ')]),
    ...(defaultValue === undefined || defaultValue === true ? [] : [`default: \`${defaultValue}\``]),
  ];
  return `- \`${flags}\`: ${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}

function toSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
