import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Project, sum } from './project.ts';

/** A test file that passed. */
export interface PassedFile {
  /** The full name of each test. */
  readonly tests: readonly string[];
  readonly durationMs: number;
  /** In milliseconds since 1970. */
  readonly passedAt: number;
}

interface Entry extends PassedFile {
  readonly inputs: readonly string[];
  /** Of the inputs, and of what all tests depend on. */
  readonly key: string;
}

/** For a few branches. */
const maxEntries = 4;
/** Programs that others wrote and that are not pinned change in time. */
const maxAgeMs = 14 * 24 * 60 * 60 * 1000;

interface ResultCacheOptions {
  readonly folder: string;
  readonly project: Project;
  readonly env: NodeJS.ProcessEnv;
  /** What a test file depends on that is neither of the project nor of the environment: node, and the engines. */
  readonly machine: (file: string) => string;
  /** What a program of the machine may find, such as a Docker engine. */
  readonly programs: string;
}

/** They differ from clone to clone and from run to run, or from terminal to terminal, and no test is about their values. */
const ignoredVariables =
  /^(?:PATH|HOME|PWD|OLDPWD|INIT_CWD|TMPDIR|TERM|SHELL|USER|REDIS_URL|MONGODB_URIS?|DOCKER_\w+|NODE_\w+)$/;

/**
 * The results of test files that passed, by what each one depends on: everything that `record-inputs.mjs` has recorded in
 * the run in which it passed, and the environment variables that its modules name. If nothing of that has changed, the file would
 * do the same again, because only what it has read decides what it reads next.
 */
export class ResultCache {
  readonly #options: ResultCacheOptions;
  readonly #project: Project;
  readonly #folder: string;
  readonly #variables: ReadonlySet<string>;
  readonly #startedAt = Date.now();

  constructor(options: ResultCacheOptions) {
    this.#options = options;
    this.#project = options.project;
    this.#folder = options.folder;
    this.#variables = new Set(Object.keys(options.env).filter((name) => !ignoredVariables.test(name)));
  }

  /** @param file relative to the root of the project */
  find(file: string): PassedFile | undefined {
    return this.#entries(file).find(({ inputs, key }) => key === this.#key(file, inputs));
  }

  /** @param inputs what the file depends on. */
  store(file: string, passed: PassedFile, inputs: readonly string[]): void {
    const all = [...new Set([...inputs, ...this.#manifests(inputs)])].sort();
    const key = this.#key(file, all);
    // The run may have read a file before it was changed.
    if (all.some((input) => this.#project.isChangedSince(input, this.#startedAt))) return;
    const others = this.#entries(file).filter((entry) => entry.key !== key);
    this.#write(file, [{ ...passed, inputs: all, key }, ...others].slice(0, maxEntries));
  }

  /** Forgets what is known of a file that failed. It may have passed by chance. */
  forget(file: string): void {
    rmSync(this.#path(file), { force: true });
  }

  /** Removes what no run has used or written for a long time. */
  prune(): void {
    mkdirSync(this.#folder, { recursive: true });
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > maxAgeMs) rmSync(path, { force: true });
    }
  }

  /** Which package a module belongs to decides how its imports are resolved. */
  #manifests(inputs: readonly string[]): readonly string[] {
    const folders = inputs.flatMap(
      (input) => /^code:((?:apps|packages|examples)\/[^/]+|scripts)\//.exec(input)?.[1] ?? [],
    );
    return [...new Set(folders)].map((folder) => `file:${folder}/package.json`);
  }

  #key(file: string, inputs: readonly string[]): string {
    const { env, machine, programs } = this.#options;
    const named = new Set(inputs.flatMap((input) => this.#project.mentioned(input, this.#variables)));
    return sum([
      machine(file),
      inputs.includes('tree:') ? programs : '',
      ...[...named].sort().map((name) => `${name}=${env[name]}`),
      ...inputs.flatMap((input) => [input, this.#project.hash(input)]),
    ]);
  }

  #path(file: string): string {
    return join(this.#folder, `${sum([file])}.zst`);
  }

  #entries(file: string): readonly Entry[] {
    try {
      const entries = JSON.parse(zstdDecompressSync(readFileSync(this.#path(file))).toString()) as readonly Entry[];
      return entries.filter(({ passedAt }) => Date.now() - passedAt < maxAgeMs);
    } catch {
      return [];
    }
  }

  #write(file: string, entries: readonly Entry[]): void {
    const path = this.#path(file);
    mkdirSync(dirname(path), { recursive: true });
    // Two runs may write it at the same time.
    writeFileSync(`${path}.${process.pid}`, zstdCompressSync(JSON.stringify(entries)));
    renameSync(`${path}.${process.pid}`, path);
  }
}
