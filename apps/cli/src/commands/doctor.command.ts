import { ApiError, answerOf, type components } from '@bulkhead/client';
import { command, given } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { toErrorText, toErrorTitle } from '../output/coded-text.ts';

type Report = components['schemas']['HealthReport'];
type Check = components['schemas']['HealthCheck'];
type Problem = components['schemas']['HealthProblem'];

/** The `Date` header has a resolution of one second. Tokens and signatures tolerate about a minute. */
const maxSkewMs = 5000;

/** Shows the health report of the API, after a test of each connection, and the clock of this machine. */
export const doctor = command({
  name: 'doctor',
  summary: 'find problems and show what to do. Exits with 1 if a check is critical',
  options: {
    connections: option.unless('do not test the connections, which uses a token each'),
    strict: option.flag('exit with 1 for a warning, too'),
  },
  examples: ['doctor', 'doctor --no-connections --strict'],
  async run(context, { connections, strict = false }) {
    const report = await readReport(context, connections).catch((error: unknown) => nameOutage(context, error));
    context.output.print(report, () => toText(report));
    const failed = report.problems.filter(({ severity }) => severity === 'critical' || strict);
    if (failed.length > 0) {
      const message = `Problems that need attention: ${failed.map(({ title }) => title).join(', ')}.`;
      throw new CliError('failed', message);
    }
  },
});

async function readReport(context: Context, hasTests: boolean): Promise<Report> {
  if (hasTests) await testAll(context);
  const answer = await context.api.GET('/api/ehr/health-report', { params: { query: { fresh: 'true' } } });
  return addCheck(answerOf(answer).data, clockCheck(answer.response));
}

/** What to do about the servers that `/ready` checks. */
const advice: Readonly<Record<string, string>> = {
  mongodb: 'MongoDB does not respond to the API. Check that MongoDB is running, and MONGODB_URI of the API.',
  redis: 'Redis does not respond to the API. Check that Redis is running, and REDIS_URL of the API.',
};

/** Without its database the API cannot even check the key. `/ready` needs neither, and says which server is down. @throws always */
async function nameOutage({ api }: Context, error: unknown): Promise<never> {
  if (!(error instanceof ApiError) || error.code !== 'unavailable') throw error;
  const { data, error: notReady } = await api.GET('/ready');
  const readiness = (data ?? notReady) as components['schemas']['Readiness'] | undefined;
  const checks = Object.entries(readiness?.checks ?? {});
  const down = checks.flatMap(([name, state]) =>
    state === 'down' ? (advice[name] ?? `${name} does not respond.`) : [],
  );
  if (down.length === 0) throw error;
  const message = `${down.join(' ')} Nothing is lost: work continues when it responds.`;
  throw new CliError('unavailable', message);
}

/** An EHR that is down keeps each test waiting, so several run at a time. More could exceed the request limit of the key. */
const testsAtOnce = 8;
/** The largest page of the API. */
const pageSize = 1000;

/** The report that follows contains the results of these tests. */
async function testAll({ api, output }: Context): Promise<void> {
  const connections = await listAll(api);
  const remaining = connections.values();
  let done = 0;
  const testNext = async (): Promise<void> => {
    for (const { id, name } of remaining) {
      const answer = await api.POST('/api/ehr/connections/{id}/test', { params: { path: { id } } });
      done += 1;
      // The connection was deleted after it was listed.
      if (answer.response.status === 404) continue;
      const { data } = answerOf(answer);
      const result = 'ok' in data ? (data.ok ? 'ok' : 'failed') : 'has not ended';
      output.printProgress(`tested ${done} of ${connections.length}: ${id} ${name} ${result}`);
    }
  };
  output.printProgress(`testing ${connections.length} connections, ${testsAtOnce} at a time`);
  await Promise.all(Array.from({ length: Math.min(testsAtOnce, connections.length) }, testNext));
}

async function listAll(api: Context['api']): Promise<readonly components['schemas']['ListedConnection'][]> {
  const all = [];
  let cursor: string | undefined;
  do {
    const query = given({ limit: pageSize, cursor });
    const page = answerOf(await api.GET('/api/ehr/connections', { params: { query } }));
    all.push(...page.data);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

function clockCheck({ headers }: Response): Check {
  const skewMs = Date.now() - Date.parse(headers.get('date') ?? '');
  const reason = `The clock of this machine differs by ${Math.round(Math.abs(skewMs) / 1000)} s from the clock of the API.`;
  const check = { id: 'clock', title: 'Clock', reason, subjects: [] };
  if (Math.abs(skewMs) <= maxSkewMs) return { ...check, severity: 'ok' };
  return { ...check, severity: 'warning', action: 'Synchronize the clocks with NTP.' };
}

/** The API does not know the clock of this machine, so that check is added here. It is ok or a warning. */
function addCheck(report: Report, check: Check): Report {
  const { severity, problems, checks } = report;
  if (check.severity === 'ok') return { ...report, checks: [...checks, check] };
  const index = checks.findIndex((other) => other.severity === 'ok');
  const { id, ...problem } = check;
  return {
    ...report,
    severity: severity === 'ok' ? check.severity : severity,
    problems: [...problems, { ...problem, key: id, connections: 0, checks: [id] }],
    checks: checks.toSpliced(index, 0, check),
  };
}

const indent = ' '.repeat(10);
/** Enough to see what they have in common. */
const shownSubjects = 3;

/** Each problem with what it has found and what to do, then the checks that are ok, and a line that counts. */
function toText({ problems, checks }: Report): string {
  const passed = checks.filter(({ severity }) => severity === 'ok').map(({ title }) => title);
  const critical = problems.filter(({ severity }) => severity === 'critical').length;
  const counts = [counted(critical, 'critical problem'), counted(problems.length - critical, 'warning')];
  return [
    ...problems.map(toProblemText),
    ...(passed.length === 0 ? [] : [`${'ok'.padEnd(indent.length)}${passed.join(', ')}`]),
    `${counts.join(', ')}, ${passed.length} of ${counted(checks.length, 'check')} ok.`,
  ].join('\n');
}

function toProblemText({ key, title, severity, reason, action, subjects, connections, ...times }: Problem): string {
  const shown = subjects.slice(0, shownSubjects);
  const all = connections > 1 ? `: bulkhead connections list --problem ${key}` : '';
  return [
    `${severity.padEnd(indent.length)}${title}: ${reason}${toTimes(times)}`,
    ...shown.map((subject) => {
      const { kind, id, count } = subject;
      const repeated = count === undefined ? '' : ` (${count} times)`;
      return `${indent}- ${kind} ${id}${toOwnerText(subject)}${repeated}: ${reasonOf(subject)}`;
    }),
    ...(shown.length < subjects.length ? [`${indent}- and others${all}`] : []),
    ...(action === undefined ? [] : [`${indent}What to do: ${action}`]),
  ].join('\n');
}

function toTimes({ since, lastSeen, asOf }: Pick<Problem, 'since' | 'lastSeen' | 'asOf'>): string {
  if (since === undefined) return asOf === undefined ? '' : ` As of ${asOf}.`;
  const last = lastSeen === undefined ? '' : `, last seen ${lastSeen}`;
  return ` Since ${since}${last}${asOf === undefined ? '' : `, as of ${asOf}`}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A schedule has the code of the error because of which it did not start. The reason of other records contains its message. */
function reasonOf({ kind, code, reason: message }: Check['subjects'][number]): string {
  if (code === undefined) return message;
  return kind === 'schedule' ? `${message}: ${toErrorTitle(code)}` : toErrorText({ code, message });
}

/** The name says which practice it is. */
function toOwnerText({ id, connectionId, connectionName = '' }: Check['subjects'][number]): string {
  const name = connectionName === '' ? '' : ` "${connectionName}"`;
  return connectionId === undefined || connectionId === id ? name : ` of ${connectionId}${name}`;
}
