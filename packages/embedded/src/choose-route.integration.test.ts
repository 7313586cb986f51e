import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { chooseRoute } from './choose-route.ts';
import { openServiceHome } from './data/open-data-folder.ts';
import type { RouteContext, RouteOutcome, ServiceRoute } from './service-route.ts';

const running: RouteOutcome = {
  outcome: 'running',
  service: { url: 'x://', stop: async () => undefined },
  why: 'it is installed',
};
const unavailable: RouteOutcome = { outcome: 'unavailable', reason: 'there is none' };

let folder = '';
let context: RouteContext;
const tried: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-route-'));
  const home = await openServiceHome({ folder, kept: true });
  context = { env: {}, home, progress: () => undefined, note: () => undefined };
  tried.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function route(name: string, outcome: RouteOutcome | Error, engine?: 'mongod' | 'secantus'): ServiceRoute {
  return {
    name,
    ...(engine && { engine }),
    attempt: async ({ home }) => {
      tried.push(name);
      if (engine) await writeFile(join(home.dataFolder, `of-${name}`), '');
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}
const choose = (...routes: ServiceRoute[]) => chooseRoute({ serviceName: 'mongodb', routes, context });

it('chooseRoute chooses the first route that runs, even after one that threw, and tries no others', async () => {
  const chosen = await choose(
    route('a', unavailable),
    route('b', new Error('broke')),
    route('c', running),
    route('d', running),
  );
  expect(chosen).toMatchObject({ chosen: 'c', why: 'it is installed', reused: false });
  expect(tried).toEqual(['a', 'b', 'c']);
});

it('chooseRoute lists all tried routes and what to do in one error', async () => {
  const error = await choose(route('a', unavailable), route('b', new Error('line one\nline two'))).catch(String);
  expect(error).toContain('Tried, in this order:\n  - a: there is none\n  - b: line one\n      line two\n');
  expect(error).toContain('set MONGODB_URI');
});

it('chooseRoute stops if the user requested a server that does not work', async () => {
  await expect(choose(route('a', { outcome: 'refused', reason: 'no answer' }), route('b', running))).rejects.toThrow(
    'no answer',
  );
  expect(tried).toEqual(['a']);
});

it('chooseRoute never lets an engine open the data of another engine', async () => {
  await choose(route('a', running, 'mongod'));
  const secondChoice = await choose(route('b', running, 'secantus'), route('c', running, 'mongod'));
  expect(secondChoice).toMatchObject({ chosen: 'c', reused: true });
  expect(tried).toEqual(['a', 'c']);
  await expect(choose(route('b', running, 'secantus'))).rejects.toThrow('was written by mongod. Move it away');
});

it('chooseRoute removes the data of a failed first start, but never existing data', async () => {
  await choose(route('a', new Error('broke'), 'mongod'), route('b', running, 'secantus'));
  expect(await readdir(context.home.dataFolder)).toEqual(['of-b']);
  await choose(route('c', new Error('broke'), 'secantus'), route('d', running));
  expect(await readdir(context.home.dataFolder)).toEqual(['of-b', 'of-c']);
});
