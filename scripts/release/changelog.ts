import type { Commit } from './next-version.ts';

const unreleased = '## Unreleased\n';

const groups: readonly { readonly title: string; readonly includes: (commit: Commit) => boolean }[] = [
  { title: 'Breaking changes', includes: ({ isBreaking }) => isBreaking },
  { title: 'Features', includes: ({ type, isBreaking }) => type === 'feat' && !isBreaking },
  { title: 'Fixes', includes: ({ type, isBreaking }) => ['fix', 'revert'].includes(type ?? '') && !isBreaking },
  { title: 'Performance', includes: ({ type, isBreaking }) => type === 'perf' && !isBreaking },
];

/** Lists the commits that users notice, by kind. */
export function listCommits(commits: readonly Commit[]): string {
  return groups
    .map(({ title, includes }) => ({ title, lines: commits.filter(includes).map(lineOf) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => `### ${title}\n\n${lines.join('\n')}\n`)
    .join('\n');
}

function lineOf({ hash, scope, subject, breakingNote }: Commit): string {
  const note = breakingNote ? `\n  ${breakingNote.replaceAll(/\s+/g, ' ')}` : '';
  return `- ${scope ? `**${scope}**: ` : ''}${subject} (${hash})${note}`;
}

/** Returns what is written under the heading of a version, or of "Unreleased". */
export function sectionOf({ changelog, title }: { readonly changelog: string; readonly title: string }): string {
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## ${title}\n`) || text.startsWith(`## ${title} `));
  return section?.slice(section.indexOf('\n')).trim() ?? '';
}

/**
 * Moves what is written under "Unreleased" to a section of the version, and adds the list of commits.
 *
 * @throws Error if the changelog has no section "Unreleased"
 */
export function releaseChangelog(options: {
  readonly changelog: string;
  readonly version: string;
  readonly date: string;
  readonly list: string;
}): string {
  const { changelog, version, date, list } = options;
  if (!changelog.includes(unreleased)) throw new Error('CHANGELOG.md has no line "## Unreleased".');
  const written = sectionOf({ changelog, title: 'Unreleased' });
  const end = changelog.indexOf(unreleased) + unreleased.length;
  const next = changelog.indexOf('\n## ', end - 1);
  const earlier = next === -1 ? '' : changelog.slice(next).trim();
  const section = [`## ${version} - ${date}`, written, list.trim()].filter(Boolean).join('\n\n');
  return `${changelog.slice(0, end)}\n${[section, earlier].filter(Boolean).join('\n\n')}\n`;
}
