import type { Command } from 'commander';

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** Generates the shell script for `eval "$(bulkhead completion bash)"`. It lists the words that may follow each command. */
export function completionFor({ program, shell }: { readonly program: Command; readonly shell: Shell }): string {
  const cases = wordsOf(program).map(([path, words]) => `    "${path}") words="${words}" ;;`);
  const bash = `_bulkhead() {
  local path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bulkhead bulkhead`;
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function wordsOf(command: Command, path: readonly string[] = []): [string, string][] {
  const names = command.commands.map((subcommand) => subcommand.name());
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long }) => long)
    .filter((long) => long !== undefined && long !== null);
  return [
    [path.join(' '), [...names, ...options].join(' ')],
    ...command.commands.flatMap((subcommand) =>
      [subcommand.name(), ...subcommand.aliases()].flatMap((name) => wordsOf(subcommand, [...path, name])),
    ),
  ];
}
