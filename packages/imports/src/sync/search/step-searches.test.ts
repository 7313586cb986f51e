import type { SearchPage } from '@bulkhead/ehr';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncSearch } from '../sync-step.record.ts';
import { noCounts, withPage } from './step-searches.ts';

const servedAt = new Date('2024-01-15T10:00:00Z');

function page(ids: readonly string[], change: Partial<SearchPage> = {}): SearchPage {
  const entries = ids.map((id, index) => ({
    index,
    hasResource: true,
    isMatch: true,
    content: { resourceType: 'Observation', id },
  }));
  return { entries, issues: [], servedAt, ...change };
}

interface World {
  readonly rows: string[];
}

/** A server that pages by offset, as most do. @param change what happens before each page is served, except the first */
function readAll(options: {
  readonly ids: readonly string[];
  readonly pageSize: number;
  readonly statesTotal?: boolean;
  readonly change?: (world: World, request: number) => void;
}): {
  readonly search: SyncSearch;
  readonly received: ReadonlySet<string>;
  readonly world: World;
  readonly requests: number;
} {
  const { ids, pageSize, statesTotal = false, change = () => undefined } = options;
  const world: World = { rows: [...ids] };
  let search = newSyncSearch('Observation');
  const received = new Set<string>();
  let requests = 0;
  while (search.state === 'pending') {
    if (requests > 0) change(world, requests);
    requests += 1;
    const { nextUrl } = search;
    const offset = nextUrl === undefined ? 0 : Number(new URL(nextUrl).searchParams.get('offset'));
    const ofPage = world.rows.slice(offset, offset + pageSize);
    for (const id of ofPage) received.add(id);
    const next = offset + pageSize;
    const url = (at: number) => `https://ehr.example/r4/Observation?offset=${at}`;
    search = withPage(search, {
      url: url(offset),
      counts: noCounts,
      page: page(ofPage, {
        ...(next < world.rows.length ? { nextUrl: url(next) } : {}),
        ...(statesTotal ? { total: world.rows.length } : {}),
      }),
    });
  }
  return { search, received, world, requests };
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const moveFirstToEnd = ({ rows }: World) => rows.push(rows.shift() ?? '');

describe('a search whose data moves while its pages are read', () => {
  test('a search that is read undisturbed is completed at once', () => {
    const { search, requests } = readAll({ ids, pageSize: 3, statesTotal: true });
    expect(search).toMatchObject({ state: 'completed', matched: 7, total: 7 });
    expect(search).not.toHaveProperty('seen');
    expect(requests).toBe(3);
  });

  test('a search restarts if a resource of an earlier page is repeated, and is completed if nothing moves then', () => {
    const { search, received } = readAll({
      ids,
      pageSize: 3,
      change: (world, request) => request === 1 && moveFirstToEnd(world),
    });
    expect(search).toMatchObject({ state: 'completed', hasRestarted: true, matched: 7 });
    expect(received.size).toBe(7);
  });

  test('a search restarts if the total changes, because a resource of an earlier page was deleted', () => {
    const { search, received, world } = readAll({
      ids,
      pageSize: 3,
      statesTotal: true,
      change: ({ rows }, request) => request === 1 && rows.shift(),
    });
    expect(search).toMatchObject({ state: 'completed', hasRestarted: true, total: 6 });
    expect(world.rows.filter((id) => !received.has(id))).toEqual([]);
  });

  test('a search is incomplete if its data moves again after the restart', () => {
    const { search } = readAll({ ids, pageSize: 3, change: moveFirstToEnd });
    expect(search).toMatchObject({ state: 'incomplete', hasRestarted: true, hasMoved: true });
  });

  test('property: a search is completed only if every resource that was there all the time was received', () => {
    const steps = fc.array(fc.constantFrom('none', 'move', 'none', 'delete', 'insert'), { maxLength: 12 });
    const history = fc.record({
      steps,
      count: fc.integer({ min: 0, max: 12 }),
      pageSize: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(history, ({ steps: all, count, pageSize }) => {
        const { search, received, world } = readAll({
          ids: Array.from({ length: count }, (_, index) => `r${index}`),
          pageSize,
          statesTotal: true,
          change({ rows }, request) {
            const step = all[request - 1];
            if (step === 'move' && rows.length > 0) rows.push(rows.shift() ?? '');
            if (step === 'delete') rows.shift();
            if (step === 'insert') rows.unshift(`new${request}`);
          },
        });
        const missed = world.rows.filter((id) => id.startsWith('r') && !received.has(id));
        expect(search.state === 'completed' ? missed : []).toEqual([]);
      }),
    );
  });

  test('a server that puts the number of entries of each page into `total` completes a search', () => {
    const first = withPage(newSyncSearch('Observation'), {
      url: 'https://ehr.example/r4/Observation',
      counts: noCounts,
      page: page(['a', 'b'], { total: 2, nextUrl: 'https://ehr.example/r4/Observation?page=2' }),
    });
    const last = withPage(first, {
      url: 'https://ehr.example/r4/Observation?page=2',
      counts: noCounts,
      page: page(['c'], { total: 1 }),
    });
    expect(last).toMatchObject({ state: 'completed', matched: 3 });
  });
});

test.each([
  { what: 'the same page with a new address', ids: ['a', 'b'] },
  { what: 'empty pages', ids: [] },
])('a search that gets $what without an end fails after a few requests', ({ ids: same }) => {
  let search = newSyncSearch('Observation');
  let requests = 0;
  while (search.state === 'pending' && requests < 100) {
    requests += 1;
    const url = (number: number) => `https://ehr.example/r4/Observation?cursor=${number}`;
    search = withPage(search, {
      url: url(requests),
      counts: noCounts,
      page: page(same, { nextUrl: url(requests + 1) }),
    });
  }
  expect(search).toMatchObject({ state: 'failed', error: { code: 'search-loops' } });
  expect(requests).toBeLessThan(15);
});

test('a search of more matches than can be kept is completed without comparing them', () => {
  let search = newSyncSearch('Observation');
  const url = (number: number) => `https://ehr.example/r4/Observation?cursor=${number}`;
  for (let number = 0; number < 6; number++) {
    const many = Array.from({ length: 10_000 }, (_, index) => `${number}/${index}`);
    search = withPage(search, {
      url: url(number),
      counts: noCounts,
      page: page(many, number < 5 ? { nextUrl: url(number + 1) } : {}),
    });
  }
  expect(search).toMatchObject({ state: 'completed', matched: 60_000 });
});
