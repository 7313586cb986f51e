import { stringify } from 'yaml';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { applyPlan, type Failure, testConnections } from '../connections-file/apply-plan.ts';
import { exportConnections } from '../connections-file/export-connections.ts';
import { type FilePlan, planFile } from '../connections-file/plan-file.ts';
import { type ConnectionsFile, readConnectionsFile } from '../connections-file/read-connections-file.ts';
import { CliError } from '../exit-codes.ts';
import { option, yes } from '../option.ts';
import { toNamed } from '../output/for-people.ts';
import { toTable } from '../output/output.ts';
import { RequestError } from '../output/report-error.ts';

/** A person corrects some, and runs the command again. */
const shownMistakes = 100;
/** How often a person sees the progress. */
const progressEvery = 50;

export const applyConnections = command({
  name: 'apply',
  summary: 'create and change connections as a file describes them, test them, and show what the file does not have',
  args: { file: 'a YAML file, as in docs/how-to/connections-as-code.md' },
  options: {
    dryRun: option.flag('only show what would change'),
    test: option.unless('do not test what was changed, nor what has not passed its test'),
    yes,
  },
  examples: ['connections apply practices.yaml --dry-run', 'connections apply practices.yaml --yes'],
  async run(context, { file: path, dryRun, test: isTested, yes: isConfirmed }) {
    const { api, output, env } = context;
    output.printProgress(`Reading ${path}`);
    const file = readConnectionsFile(path, env);
    throwMistakes({ path, file, isJson: output.json });
    output.printProgress(`Comparing ${file.entries.length} connections`);
    const plan = await planFile(api, file);
    throwMistakes({ path, file, isJson: output.json });
    const summary = toSummary(plan);
    const isChanged = summary.create.length + summary.change.length > 0;
    const needsTest = plan.entries.filter(({ plan: { changes, lastTest } }) => changes.length > 0 || lastTest !== 'ok');
    const isDone = dryRun || !(isChanged || (isTested && needsTest.length > 0));
    if (isDone || !output.json) output.print(summary, () => toText(summary));
    if (isDone) return;
    if (isChanged) {
      const what = `create ${summary.create.length} connections, and change ${summary.change.length}`;
      await confirm(context, { yes: isConfirmed, what, done: 'changed' });
    }
    const { applied, failures } = await applyPlan(api, plan);
    const idOf = new Map(applied.map(({ name, id }) => [name, id]));
    const connections = needsTest.flatMap(({ entry: { name }, plan: { id, changes } }) => {
      const found = idOf.get(name) ?? (changes.length === 0 ? id : undefined);
      return found === undefined ? [] : [{ name, id: found }];
    });
    const onTested = (count: number) => {
      if (count % progressEvery === 0) output.printProgress(`Tested ${count} of ${connections.length}`);
    };
    const failedTests = isTested ? await testConnections(api, { connections, onTested }) : [];
    const result = { ...summary, applied, failures: [...failures, ...failedTests] };
    const counts = { applied: applied.length, tested: isTested ? connections.length : 0 };
    output.print(result, () => toResultText({ ...counts, failures: result.failures }));
    if (result.failures.length > 0) throw toError({ failures, failedTests, tested: connections.length });
  },
});

export const exportConnectionsCommand = command({
  name: 'export',
  summary: 'print the file for "connections apply" that describes what is stored, without secrets',
  options: { cohorts: option.flag('also the ids of the patients in cohorts') },
  examples: ['connections export', 'connections export --cohorts'],
  async run({ api, output, stdout }, { cohorts = false }) {
    const connections = await exportConnections(api, { cohorts });
    const yaml = () => toYaml(connections);
    // A terminal is not shown characters that control it, and a file has every character.
    if (output.json || output.isWatched) output.print({ connections }, yaml);
    else stdout.write(`${yaml()}\n`);
  },
});

/** Entry by entry, because the writer needs much memory for a large document. */
function toYaml(connections: object): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const entries = Object.entries(connections).map(([name, entry]) => stringify({ [name]: entry }, options).trimEnd());
  const below = entries.length === 0 ? ' {}' : `\n${entries.join('\n').replaceAll(/^(?=.)/gm, '  ')}`;
  return `connections:${below}`;
}

/** @throws CliError with each mistake and its line */
function throwMistakes(options: { readonly path: string; readonly file: ConnectionsFile; readonly isJson: boolean }) {
  const { path, file, isJson } = options;
  const { length } = file.mistakes;
  if (length === 0) return;
  const sorted = file.mistakes.toSorted((left, right) => left.line - right.line);
  const shown = isJson ? sorted : sorted.slice(0, shownMistakes);
  const details = shown.map(({ line, message }) => ({ path: `line ${line}`, message }));
  const more = shown.length < length ? ` These are the first ${shownMistakes}, and --json lists all of them.` : '';
  const count = length === 1 ? 'a mistake' : `${length} mistakes`;
  const message = `${path} has ${count}. Nothing was changed.${more}`;
  throw new RequestError('usage', message, { code: 'invalid-file', details });
}

function toSummary({ entries, others }: FilePlan) {
  const changed = entries.filter(({ plan: { changes } }) => changes.length > 0);
  const toRow = ({ entry: { name }, plan: { changes } }: (typeof entries)[number]) => ({ name, changes });
  const ofConnections = entries.flatMap(({ entry: { name }, plan }) => plan.others.map((other) => `${name}: ${other}`));
  return {
    create: changed.filter(({ plan: { id } }) => id === undefined).map(toRow),
    change: changed.filter(({ plan: { id } }) => id !== undefined).map(toRow),
    unchanged: entries.length - changed.length,
    notInFile: [...others, ...ofConnections],
  };
}

type Summary = ReturnType<typeof toSummary>;

function toText({ create, change, unchanged, notInFile }: Summary): string {
  const toLine = ({ name, changes }: Summary['create'][number]) => `${name}: ${changes.join(', ')}`;
  return [
    ...toNamed('connections to create', create.map(toLine)),
    ...toNamed('connections to change', change.map(toLine)),
    `unchanged: ${unchanged}`,
    ...toNamed('not in the file, and left as they are', notInFile),
  ].join('\n');
}

function toResultText(options: {
  readonly applied: number;
  readonly tested: number;
  readonly failures: readonly Failure[];
}) {
  const { applied, tested, failures } = options;
  const table = toTable(failures, { connection: 'name', step: 'step', code: 'code', 'what to do': 'message' });
  return [
    `applied: ${applied}`,
    `tested: ${tested}`,
    `failed: ${failures.length}`,
    ...(table === '' ? [] : ['', table]),
  ].join('\n');
}

function toError(options: {
  readonly failures: readonly Failure[];
  readonly failedTests: readonly Failure[];
  readonly tested: number;
}): CliError {
  const { failures, failedTests, tested } = options;
  if (failures.length > 0)
    return new CliError(
      'conflict',
      `Connections that were not changed: ${failures.length}. Run the command again: it continues with what is left.`,
      { code: 'not-applied' },
    );
  return new CliError(
    'failed',
    `${failedTests.length} of ${tested} tested connections do not work. Correct them, and run the command again: it tests them again.`,
    { code: 'tests-failed' },
  );
}
