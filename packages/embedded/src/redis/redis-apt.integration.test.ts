import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openServiceHome } from '../data/open-data-folder.ts';
import { fakeCommands } from '../fake-commands.fixture.ts';
import { redisAptRoute } from './redis-routes.ts';

// As on a fresh image, nothing can be installed before the package lists are fetched. The installed Redis is fake.
const APT_GET = `
echo "$1" >> "$CALLS"
case $1 in
  update) : > "$CALLS.lists" ;;
  install) [ -e "$CALLS.lists" ] || { echo "E: Unable to locate package redis-server" >&2; exit 100; }
    printf '#!/bin/sh\\necho "cannot bind" ; exit 3\\n' > "$BIN/redis-server"; /bin/chmod +x "$BIN/redis-server" ;;
esac`;

let folder = '';
let bin = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-apt-'));
  bin = await fakeCommands({
    'apt-get': APT_GET,
    sudo: 'while [ "$1" != apt-get ]; do [ "$1" = true ] && exit; shift; done; "$@"',
  });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(bin, { recursive: true, force: true });
});

async function attempt() {
  const notes: string[] = [];
  const home = await openServiceHome({ folder, kept: true });
  const env = { PATH: bin, BIN: bin, CALLS: join(folder, 'calls'), XDG_CACHE_HOME: join(folder, 'cache') };
  const result = redisAptRoute.attempt({ env, home, progress: () => undefined, note: (text) => notes.push(text) });
  return { notes, result };
}

it('the apt route of Redis fetches the package lists if the first attempt finds nothing, and starts the installed server', async () => {
  const { notes, result } = await attempt();
  await expect(result).rejects.toThrow(/redis-server ended before it answered\. The end of .*:\ncannot bind/);
  expect(await readFile(join(folder, 'calls'), 'utf8')).toBe('install\nupdate\ninstall\n');
  expect(notes[0]).toContain('installs the package redis-server with apt-get');
});

it('the apt route of Redis fails with the last lines of apt-get', async () => {
  await writeFile(join(bin, 'apt-get'), '#!/bin/sh\necho "E: no network" >&2; exit 100');
  await expect((await attempt()).result).rejects.toThrow(/apt-get .*ended with code 100.*\nE: no network/);
});
