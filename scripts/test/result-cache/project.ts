import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

/** The files of a checkout, for the hashes of what tests depend on. It reads each one at most once. */
export class Project {
  readonly root: string;
  /** Every file that git tracks or would track, relative to the root. */
  readonly names: readonly string[];
  readonly #changes: Readonly<Record<string, string | undefined>>;
  readonly #hashes = new Map<string, string>();
  readonly #mentions = new Map<string, readonly string[]>();
  readonly #changeTimes = new Map<string, number>();

  /** @throws Error if git does not know the folder */
  constructor(root: string, changes: Readonly<Record<string, string | undefined>> = {}) {
    this.root = root;
    this.#changes = changes;
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0');
    this.names = [...new Set([...listed, ...Object.keys(changes)])]
      .filter((name) => name !== '' && (name in changes ? changes[name] !== undefined : true))
      .sort();
  }

  /** The same project with other contents of files, or without them. What they do not change is not read again. */
  with(changes: Readonly<Record<string, string | undefined>>): Project {
    const changed = new Project(this.root, { ...this.#changes, ...changes });
    for (const [input, hash] of this.#hashes) {
      if (/^(?:code|file):/.test(input) && !(input.slice('code:'.length) in changes)) changed.#hashes.set(input, hash);
    }
    return changed;
  }

  /** @param input a line as record-inputs.mjs writes it */
  hash(input: string): string {
    const known = this.#hashes.get(input);
    if (known !== undefined) return known;
    const made = this.#make(input);
    this.#hashes.set(input, made);
    return made;
  }

  /** @returns those names that are words of a module, such as the names of environment variables */
  mentioned(input: string, names: ReadonlySet<string>): readonly string[] {
    const known = this.#mentions.get(input);
    if (known !== undefined) return known;
    const words = input.startsWith('code:') ? this.#read(input.slice('code:'.length)).match(/\b[A-Z]\w+/g) : [];
    const mentioned = [...new Set(words)].filter((word) => names.has(word));
    this.#mentions.set(input, mentioned);
    return mentioned;
  }

  /** Whether what an input names was changed since then. The run may have read it before. */
  isChangedSince(input: string, timeMs: number): boolean {
    return this.#filesOf(input).some((path) => this.#changedAt(path) >= timeMs);
  }

  #changedAt(path: string): number {
    const known = this.#changeTimes.get(path);
    if (known !== undefined) return known;
    const found = statSync(join(this.root, path), { throwIfNoEntry: false });
    // The time of a folder is that of its list of names.
    const changedAt = found?.isFile() ? found.ctimeMs : 0;
    this.#changeTimes.set(path, changedAt);
    return changedAt;
  }

  #make(input: string): string {
    const path = input.slice(input.indexOf(':') + 1);
    if (input.startsWith('code:')) return sum([withoutComments(path, this.#read(path))]);
    if (input.startsWith('file:')) return sum([this.#read(path)]);
    if (input.startsWith('names:')) return sum(this.#children(path));
    // Both are many files.
    return sum(this.#filesOf(input).flatMap((name) => [name, this.#read(name)]));
  }

  /** The names in a folder, without those that git ignores. */
  #children(folder: string): readonly string[] {
    const start = folder === '' ? '' : `${folder}/`;
    const inside = this.names.filter((name) => name.startsWith(start));
    return [...new Set(inside.map((name) => name.slice(start.length).split('/')[0] ?? ''))];
  }

  #filesOf(input: string): readonly string[] {
    const path = input.slice(input.indexOf(':') + 1);
    if (input.startsWith('tree:')) return this.names;
    if (input.startsWith('built:')) return globSync(path, { cwd: this.root }).sort();
    return input.startsWith('names:') ? [] : [path];
  }

  #read(path: string): string {
    if (path in this.#changes) return this.#changes[path] ?? 'missing';
    try {
      return readFileSync(join(this.root, path), 'latin1');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EISDIR' ? 'folder' : 'missing';
    }
  }
}

export function sum(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
}

/** The code of a module as a compressor prints it. Neither comments nor the format change it. */
function withoutComments(path: string, text: string): string {
  if (!/[.](?:ts|tsx|mjs|js)$/.test(path)) return text;
  try {
    const parser = { syntax: 'typescript', tsx: path.endsWith('x') } as const;
    const { code } = transformSync(text, {
      configFile: false,
      swcrc: false,
      minify: true,
      jsc: { parser, target: 'esnext', minify: { compress: false, mangle: false } },
    });
    return code;
  } catch {
    return text;
  }
}
