// usage: pnpm release --dry-run             prints what a release would do; writes only to a temporary folder
//        pnpm release                       writes the version and the changelog, commits them, and tags the commit
//        pnpm release --artifacts FOLDER    on a tagged commit: writes what is published with it to FOLDER
// What needs credentials is not done. Each run prints the commands for it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import semver from 'semver';
import { parseCommandLine } from '../command-line.ts';
import { listCommits, releaseChangelog, sectionOf } from './changelog.ts';
import { nextVersion, parseCommit } from './next-version.ts';
import { filesWithVersion, replaceVersion } from './versioned-files.ts';

const usage = 'usage: pnpm release [--dry-run | --artifacts FOLDER]';
const root = process.cwd();
const read = (file: string) => readFileSync(join(root, file), 'utf8');

try {
  const options = { 'dry-run': { type: 'boolean' }, artifacts: { type: 'string' } } as const;
  const { values } = parseCommandLine({ args: process.argv.slice(2), options }, usage);
  if (values['dry-run']) dryRun();
  else if (values.artifacts) writeArtifactsOfTag(resolve(values.artifacts));
  else release();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

function dryRun(): void {
  const { version, reason, changelog, changedFiles } = plan();
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-release-'));
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
  const artifacts = writeArtifacts({ folder, version, changelog });
  console.log(`Version    ${version} (${reason})`);
  for (const obstacle of obstacles()) console.log(`Obstacle   ${obstacle}`);
  console.log(`Changes    ${changedFiles.join(', ')}`);
  console.log(`Tag        v${version}`);
  for (const image of images()) console.log(`Image      bulkhead-${image}:${version}`);
  for (const artifact of artifacts) console.log(`Artifact   ${artifact}`);
  console.log(`\n${sectionOf({ changelog, title: version })}\n`);
  printCommands(version);
  console.log(`\nNothing was changed. The files of this plan are in ${folder}`);
}

function release(): void {
  const [obstacle] = obstacles();
  if (obstacle) throw new Error(`${obstacle} \`pnpm release --dry-run\` works anyway.`);
  const { current, version, changelog, changedFiles } = plan();
  replaceVersion({ root, files: changedFiles, from: current, to: version });
  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  git('add', '--all');
  git('commit', '--quiet', '--message', `chore(release): ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `Bulkhead ${version}`);
  console.log(`Committed and tagged v${version}. To take it back: git tag -d v${version} && git reset --hard HEAD~1\n`);
  printCommands(version);
}

function writeArtifactsOfTag(folder: string): void {
  const { version } = JSON.parse(read('package.json'));
  const tags = git('tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(`v${version}`)) {
    throw new Error(`This commit has no tag v${version}, the version of package.json. Check out the tag first.`);
  }
  for (const artifact of writeArtifacts({ folder, version, changelog: read('CHANGELOG.md') })) console.log(artifact);
  printCommands(version);
}

/** Decides what a release of this commit contains. Changes nothing. */
function plan() {
  const { version: current }: { readonly version: string } = JSON.parse(read('package.json'));
  const previous = semver.rsort(
    git('tag', '--merged', 'HEAD', '--list', 'v*')
      .split('\n')
      .filter((tag) => semver.valid(tag)),
  )[0];
  const commits = commitsSince(previous);
  const { version, reason } = nextVersion({ previous: previous?.slice(1), current, commits });
  const before = read('CHANGELOG.md');
  // The whole history is not a list of changes. The text of the first release says what there is.
  const list = previous || sectionOf({ changelog: before, title: 'Unreleased' }) === '' ? listCommits(commits) : '';
  const date = new Date().toISOString().slice(0, 10);
  const files = filesWithVersion({ root, files: git('ls-files').split('\n'), version: current });
  return {
    current,
    version,
    reason,
    changelog: releaseChangelog({ changelog: before, version, date, list }),
    changedFiles: version === current ? ['CHANGELOG.md'] : ['CHANGELOG.md', ...files],
  };
}

function commitsSince(tag: string | undefined) {
  const range = tag ? [`${tag}..HEAD`] : ['HEAD'];
  const entries = git('log', '-z', '--no-merges', '--format=%h%n%B', ...range).split('\0');
  return entries.filter(Boolean).map((entry) => {
    const [hash = '', ...lines] = entry.split('\n');
    return parseCommit({ hash, message: lines.join('\n') });
  });
}

/** Returns the reasons why a release cannot be made from this working tree. */
function obstacles(): string[] {
  const branch = git('branch', '--show-current');
  return [
    ...(branch === 'main'
      ? []
      : [`A release is made from main, and this is ${branch || 'a commit without a branch'}.`]),
    ...(git('status', '--porcelain') === '' ? [] : ['The working tree has changes. Commit or stash them.']),
  ];
}

/** Returns the processes that have an image. */
function images(): string[] {
  return [...read('docker/Dockerfile').matchAll(/^FROM runtime AS (\S+)$/gm)].map(([, name = '']) => name);
}

/** Writes the text of the release, the bills of materials and the public packages. Returns the files. */
function writeArtifacts(options: {
  readonly folder: string;
  readonly version: string;
  readonly changelog: string;
}): string[] {
  const { folder, version, changelog } = options;
  const packages = join(folder, 'packages');
  mkdirSync(packages, { recursive: true });
  writeFileSync(join(folder, 'notes.md'), `${sectionOf({ changelog, title: version })}\n`);
  run(process.execPath, 'scripts/release/sbom.mjs', join(folder, 'sbom'));
  const { packageManager } = JSON.parse(read('package.json'));
  for (const path of publicPackages()) {
    // npm would leave the protocol `workspace:` in the dependencies.
    run('npx', '-y', packageManager, '--dir', path, 'pack', '--pack-destination', packages);
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

/** Returns the folders of the packages that npm would publish. */
function publicPackages(): string[] {
  const manifests = git('ls-files', 'package.json', '*/package.json').split('\n');
  return manifests.filter((file) => JSON.parse(read(file)).private !== true).map(dirname);
}

function printCommands(version: string): void {
  const commands = [
    `git push --atomic origin main v${version}`,
    ...images().map(
      (name) => `docker build -f docker/Dockerfile --target ${name} -t $REGISTRY/bulkhead-${name}:${version} .`,
    ),
    ...images().map((name) => `docker push $REGISTRY/bulkhead-${name}:${version}`),
    'pnpm release --artifacts release',
    ...(publicPackages().length > 0 ? ['for file in release/packages/*.tgz; do npm publish "$file"; done'] : []),
    `gh release create v${version} --verify-tag --title "Bulkhead ${version}" --notes-file release/notes.md release/sbom/*${publicPackages().length > 0 ? ' release/packages/*' : ''}`,
  ];
  console.log('To publish it, with your credentials, and REGISTRY set to the registry of your images:');
  for (const command of commands) console.log(`  ${command}`);
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).trimEnd();
}

/** Runs a program without showing its output. */
function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
