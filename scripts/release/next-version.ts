import { CommitParser } from 'conventional-commits-parser';
import semver from 'semver';

export type Commit = Readonly<ReturnType<typeof parseCommit>>;

const header = String.raw`^(\w+)(?:\(([^()]*)\))?`;
const parser = new CommitParser({
  headerPattern: new RegExp(`${header}!?: (.*)$`),
  breakingHeaderPattern: new RegExp(`${header}!: (.*)$`),
});

export function parseCommit({ hash, message }: { readonly hash: string; readonly message: string }) {
  const { type, scope, subject, header: firstLine, notes } = parser.parse(message);
  return {
    hash,
    /** Undefined for a message that is not a Conventional Commit. */
    type: type ?? undefined,
    scope: scope ?? undefined,
    subject: subject ?? firstLine ?? '',
    isBreaking: notes.length > 0,
    /** What a breaking change demands of users, by the footer BREAKING CHANGE. */
    // For an exclamation mark, the parser makes a note of the subject.
    breakingNote: notes.find(({ text }) => text !== subject)?.text,
  };
}

/**
 * @param options.previous the version of the last tag, undefined if there is none
 * @param options.current the version of package.json
 * @throws Error if no commit since the last tag changes what users get
 */
export function nextVersion(options: {
  readonly previous: string | undefined;
  readonly current: string;
  readonly commits: readonly Commit[];
}) {
  const { previous, current, commits } = options;
  if (previous === undefined) return { version: current, reason: 'the first release has the version of package.json' };
  const isEarly = semver.major(previous) === 0;
  const increment = (release: 'major' | 'minor' | 'patch', reason: string) => ({
    version: semver.inc(previous, release) ?? previous,
    reason: `${reason} since ${previous}`,
  });
  if (commits.some(({ isBreaking }) => isBreaking)) return increment(isEarly ? 'minor' : 'major', 'a breaking change');
  if (commits.some(({ type }) => type === 'feat')) return increment('minor', 'a feature');
  if (commits.some(({ type }) => ['fix', 'perf', 'revert'].includes(type ?? ''))) return increment('patch', 'a fix');
  throw new Error(`Nothing to release: since ${previous} there is neither a feature nor a fix.`);
}
