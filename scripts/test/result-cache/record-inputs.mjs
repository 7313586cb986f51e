// Records what a test file depends on, while it runs: the modules that it loads, the files and folders of the project that it
// reads, and the programs that it starts. `record-inputs.preload.mjs` loads this module into each worker of jest, and into
// each Node.js process that a test starts from sources.
//
// An input is one line:  code:PATH   a module, of which comments do not count
//                        file:PATH   a file, with each byte, or whether there is one
//                        names:PATH  the names of the files and folders in a folder
//                        built:GLOB  the files that a build wrote
//                        tree:       every file of the project: the test started a program that may read any
// PATH is relative to the project's root. Installed packages are left out: the lockfile stands for them.
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
/** Published examples and test suites, which tests read if they are there. */
const shared = join(dirname(root), 'shared');
const preload = new URL('record-inputs.preload.mjs', import.meta.url).href;
const tree = 'tree:';
/** A started process adds its inputs to this file at once, because it may be killed. */
const fileVariable = 'BULKHEAD_INPUTS_FILE';
const untraced = new AsyncLocalStorage();
const original = { ...fs };

/** The modules that each module imports. The test files of one worker share modules, which are loaded only once. */
const imports = new Map();
/** What each module has read while it was evaluated. */
const readByModule = new Map();
/** What was read while modules were evaluated, by a module that is not known. It counts for each later test of the process. */
const readByAny = new Set();
/** Of the test file that runs in this process, see `begin`. */
let ofTest;
let isImporting = true;
/** Of the test that has started this process. */
const outerFile = process.env[fileVariable];
const appended = new Set();

/** For a process that a test has started. */
function append(input) {
  if (outerFile === undefined || ofTest !== undefined || appended.has(input)) return;
  appended.add(input);
  original.appendFileSync(outerFile, `${input}\n`);
}

/** @returns the path, relative to the root, or undefined if it is of no interest */
function ofProject(path) {
  if (path instanceof URL) path = path.protocol === 'file:' ? fileURLToPath(path) : '';
  if (typeof path !== 'string' || path === '') return undefined;
  const absolute = path.startsWith('file://') ? fileURLToPath(path) : resolve(path);
  if (absolute !== root && !absolute.startsWith(root + sep) && !absolute.startsWith(shared + sep)) return undefined;
  if (/\/(?:node_modules|[.]git)(?:\/|$)/.test(absolute)) return undefined;
  return relative(root, absolute);
}

const isTracing = () => !untraced.getStore() && (ofTest ?? outerFile) !== undefined;
/** What is between a module and the file that it reads, and what loads test files. A test of this module loads it twice. */
const isHarness = /^node:(?:internal\/)?fs\b|\/record-inputs[.]mjs$|\/scripts\/test\/native-\w+[.]mjs$/;

const isModule = /^(?:file:|\/)/;

function record(input) {
  if (!isTracing()) return;
  const frames = getCallSites(40).filter(({ scriptName }) => !isHarness.test(scriptName));
  // Node.js loads a module, of which comments do not count, or jest shows a place in it.
  if (frames[0]?.scriptName.startsWith('node:internal/modules/')) return;
  if (frames.some(({ scriptName }) => /\/(?:@jest\/source-map|jest-message-util|jest-runner)\//.test(scriptName)))
    return;
  append(input);
  if (ofTest === undefined) return;
  ofTest.add(input);
  const outermost = frames.findLast(
    ({ scriptName }) => isModule.test(scriptName) && ofProject(scriptName) !== undefined,
  );
  // The code of a module itself and functions without a name have this name. Modules hold no state, so what is read later is read
  // by each test again.
  if (outermost?.functionName === '') addTo(readByModule, outermost.scriptName, input);
  else if (outermost && isImporting) readByAny.add(input);
}

function addTo(map, key, value) {
  if (!map.has(key)) map.set(key, new Set());
  map.get(key).add(value);
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const path = ofProject(resolved.url.split('?')[0]);
    if (path === undefined || !resolved.url.startsWith('file:')) return resolved;
    append(`code:${path}`);
    addTo(imports, context.parentURL ?? '', resolved.url);
    return resolved;
  },
});

/** Replaces functions of an object by ones that first call `before` with the same arguments. */
function observe(object, names, before) {
  for (const name of names) {
    const call = object[name];
    if (call === undefined) continue;
    const observed = function (...args) {
      const changed = before(...args) ?? args;
      return Reflect.apply(call, this, changed);
    };
    // Some functions have parts, such as `realpath.native` and the form of `exec` for `promisify`.
    object[name] = Object.defineProperties(observed, Object.getOwnPropertyDescriptors(call));
  }
}

const recordFile = (path) => {
  const found = ofProject(path);
  if (found !== undefined) record(`file:${found}`);
};
const recordNames = (path, options) => {
  const found = ofProject(path);
  if (found !== undefined) record(options?.recursive ? tree : `names:${found}`);
};
const recordTree = (path) => {
  if (ofProject(path) !== undefined) record(tree);
};
const withSync = (names) => names.flatMap((name) => [name, `${name}Sync`]);
const reads = withSync(['readFile', 'open', 'stat', 'lstat', 'access', 'exists', 'copyFile', 'readlink']);
for (const object of [fs, fs.promises]) {
  observe(object, [...reads, 'createReadStream', 'openAsBlob'], recordFile);
  observe(object, [...withSync(['readdir', 'opendir']), 'watch'], recordNames);
  observe(object, withSync(['cp']), recordTree);
  // `globSync` calls the functions above.
  observe(object, ['glob'], (_pattern, options) => recordTree(options?.cwd ?? process.cwd()));
}

/** Programs that read nothing of the project, except the files that are among their arguments. */
const foreign =
  /^(?:chown|prlimit|true|seq|ps|kill|redis-server|redis-cli|redis-sentinel|mongod|secantusd-rs|java|chrom\w*|headless_shell|chrome-headless-shell|postgres|initdb|pg_ctl|psql|openssl|nginx|tail)$/;
const shells = /^(?:sh|bash)$/;

/** Programs that were installed for the tests. */
const installed = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead') + sep;

/** @returns the environment of the process, changed if it shall record its inputs */
function recordProgram({ file, args, cwd, env }) {
  const words = withoutWrapper([file, ...args].map(String));
  const name = basename(words[0] ?? '');
  if (words[0] === process.execPath || name === 'node') return recordNode({ words: words.slice(1), cwd, env });
  // They only watch processes, and look for a program.
  if (shells.test(name) && (words[3] === 'bulkhead-guardian' || /^command -v \w+$/.test(words[2]))) return env;
  const isForeign = words.length === 0 || foreign.test(name) || words[0].startsWith(installed);
  const readsProject = cwd !== undefined && ofProject(String(cwd)) !== undefined;
  if (!isForeign || readsProject) record(tree);
  else for (const word of words.slice(1)) recordArgument(word, cwd);
  return env;
}

/** @returns the words without each `setpriv` that starts the program, and its options */
function withoutWrapper(words) {
  let rest = words;
  while (basename(rest[0] ?? '') === 'setpriv') {
    rest = rest.slice(1);
    while (rest[0]?.startsWith('--')) rest = rest.slice(rest[0] === '--pdeathsig' ? 2 : 1);
  }
  return rest;
}

function recordArgument(word, cwd) {
  const path = word.replace(/^--?[\w-]+=/, '');
  if (!isAbsolute(path) && !path.startsWith('file:')) return;
  const found = ofProject(path);
  if (found === undefined || found.startsWith('..')) return;
  const isFolder = original.statSync(resolve(String(cwd ?? root), path), { throwIfNoEntry: false })?.isDirectory();
  record(isFolder ? tree : `file:${found}`);
}

/** A bundle is an input as it was built. Any other process records what it does. */
function recordNode({ words, cwd, env }) {
  const built = words.map((word) => ofProject(word)).find((path) => path && /^apps\/[\w-]+\/dist\//.test(path));
  if (built) {
    // The programs of an app share files. The command line is one file beside another build.
    record(`built:${built.startsWith('apps/cli/') ? built : join(dirname(built), '*.js')}`);
    // A module that the process loads first, such as one that shifts its clock.
    for (const word of words) for (const path of closureOf(word.replace(/^--\w+=/, ''))) record(`code:${path}`);
    return env;
  }
  for (const word of words) recordArgument(word, cwd);
  // Bundlers and the like have parts that are not JavaScript, whose reads are not seen.
  if (words.some((word) => word === '--run' || (word.startsWith(root) && word.includes('/node_modules/'))))
    record(tree);
  // A helper that starts it while it is evaluated does not start it again for the next test file.
  if (isImporting && ofTest !== undefined) record(tree);
  const { NODE_OPTIONS = '' } = env;
  return {
    ...env,
    NODE_OPTIONS: `${NODE_OPTIONS} --import=${preload}`.trim(),
    [fileVariable]: process.env[fileVariable],
  };
}

/** @returns a module and what it imports by relative paths */
function closureOf(path, found = new Set()) {
  const own = ofProject(path);
  if (own === undefined || !/[.](?:ts|mjs)$/.test(own) || found.has(own)) return found;
  const absolute = join(root, own);
  if (!original.existsSync(absolute)) return found;
  found.add(own);
  const text = original.readFileSync(absolute, 'utf8');
  for (const [, specifier] of text.matchAll(/\b(?:from|import)\s*[(]?\s*'([.][^']*)'/g))
    closureOf(join(dirname(absolute), specifier), found);
  return found;
}

observe(childProcess.ChildProcess.prototype, ['spawn'], (options) => {
  if (!isTracing()) return;
  const pairs = options.envPairs ?? Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const env = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const changed = recordProgram({ file: options.file, args: options.args.slice(1), cwd: options.cwd, env });
  return [{ ...options, envPairs: Object.entries(changed).map(([name, value]) => `${name}=${value}`) }];
});
observe(childProcess, ['spawnSync', 'execFileSync'], (file, ...rest) => {
  if (!isTracing()) return;
  const args = Array.isArray(rest[0]) ? rest[0] : [];
  const options = (Array.isArray(rest[0]) ? rest[1] : rest[0]) ?? {};
  if (options.shell) record(tree);
  const env = recordProgram({ file, args, cwd: options.cwd, env: options.env ?? process.env });
  return [file, args, { ...options, env }];
});
observe(childProcess, ['execSync'], () => void (isTracing() && record(tree)));
syncBuiltinESMExports();

globalThis[Symbol.for('bulkhead.inputs')] = {
  /** @param file for the inputs of the next test file, and of the processes that it starts */
  begin(file) {
    process.env[fileVariable] = file;
    ofTest = new Set();
    isImporting = true;
  },

  /** The test file and everything that it imports is loaded. */
  imported() {
    isImporting = false;
  },

  /** Adds the inputs of the test file to those of the processes that it has started. */
  end(url) {
    const inputs = new Set([...ofTest, ...readByAny]);
    const modules = new Set([url]);
    for (const module of modules) {
      inputs.add(`code:${ofProject(module)}`);
      for (const input of readByModule.get(module) ?? []) inputs.add(input);
      for (const imported of imports.get(module) ?? []) modules.add(imported);
    }
    const lines = [...inputs].map((input) => `${input}\n`).join('');
    for (const file of [process.env[fileVariable], outerFile]) if (file) original.appendFileSync(file, lines);
  },

  /** Runs an action that stands for its result: what was built is an input, and not what it was built from. */
  async untraced(action, result) {
    const value = await untraced.run(true, action);
    record(result);
    return value;
  },
};
