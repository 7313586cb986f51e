import { type OpenDatabase, openDatabase } from '@bulkhead/store/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { marksOf, onePatient, patients, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
let database: OpenDatabase;
beforeEach(async () => {
  cases = await startUseCases({ search: { pageSize: 2 } });
  database = await openDatabase(cases.mongodbUri);
});
afterEach(async () => {
  await database.close();
  await cases.stop();
});

const [patientId = ''] = patients;

/** Sets the crawl mark of the Conditions of a patient. */
const setMark = (patient: string, at: string) =>
  database.db
    .collection('crawl_marks')
    .updateOne({ _id: `${cases.connection.id}/${patient}` as never }, { $set: { 'marks.Condition': new Date(at) } });

const markOf = async (patient: string) => (await marksOf(cases, patient)).Condition;

test.each([
  { what: 'stays if `since` is later', mark: '2026-01-01T00:00:00Z', moves: false },
  { what: 'advances if `since` is earlier', mark: '2026-01-03T00:00:00Z', moves: true },
])('the mark of a named patient $what', async ({ mark, moves }) => {
  await sync(cases, onePatient);
  await setMark(patientId, mark);
  await sync(cases, { ...onePatient, since: '2026-01-02T00:00:00Z' });
  const isMoved = (await markOf(patientId))?.getTime() !== Date.parse(mark);
  expect(isMoved).toBe(moves);
});

test('a sync with `since` leaves a patient without a mark, because the earlier data was not requested', async () => {
  await sync(cases, { ...onePatient, since: '2026-01-02T00:00:00Z' });
  expect(await markOf(patientId)).toBeUndefined();
});

test('a mark does not go back if a slower server answers a sync with an earlier time', async () => {
  await sync(cases, onePatient);
  const before = await markOf(patientId);
  await cases.inject('r4/Condition$', { kind: 'headers', set: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' } });
  await sync(cases, onePatient);
  expect(await markOf(patientId)).toEqual(before);
});

test('the mark is the time of the first page of a search, because later changes may be missing on it', async () => {
  const earlier = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
  await cases.inject('r4/Observation$', { kind: 'headers', set: { date: earlier.toUTCString() } }, { times: 1 });
  const { byType } = await sync(cases, onePatient);
  expect(byType.get('Observation')?.pages).toBeGreaterThan(1);
  expect((await marksOf(cases, patientId)).Observation).toEqual(earlier);
});
