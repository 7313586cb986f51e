// usage: node scripts/hooks/check-subject.mjs FILE    checks the first line of a commit message, for the hook commit-msg
// Plain JavaScript without dependencies, because git runs it with the Node.js of the machine.
import { readFileSync } from 'node:fs';
import { exit } from 'node:process';

const types = ['build', 'chore', 'ci', 'docs', 'feat', 'fix', 'perf', 'refactor', 'revert', 'style', 'test'];
const longest = 72;
const conventional = new RegExp(`^(?:${types.join('|')})(?:\\([a-z0-9,-]+\\))?!?: \\S`);
/** Subjects that git writes. `git rebase --autosquash` removes those with an exclamation mark. */
const writtenByGit = /^(?:Merge |Revert "|(?:fixup|squash|amend)! )/;

const [subject = ''] = readFileSync(process.argv[2], 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'));
const fault = writtenByGit.test(subject) ? undefined : faultOf(subject);
if (fault) console.error(`commit-msg: ${fault}\n  ${subject}`);
exit(fault ? 1 : 0);

function faultOf(text) {
  const { length } = [...text];
  if (length > longest)
    return `The subject has ${length} characters. Shorten it to ${longest}, and move the rest to the body.`;
  if (conventional.test(text)) return undefined;
  return `The subject is not a Conventional Commit. Write "type(scope): what the commit does", with one of the types ${types.join(', ')}.`;
}
