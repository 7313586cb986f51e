import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { choosePart } from './choose-part.ts';
import { findDataFolder, findExamplesFolder, readDataFolder, toSourceResource } from './find-data.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-interop-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const patient = (id: string) => `{"resourceType":"Patient","id":"${id}"}`;

test('the data folder is INTEROP_DATA_DIR, or a folder beside the checkout if there is one', () => {
  const beside = join(folder, 'data');
  expect(findDataFolder({}, beside)).toBeUndefined();
  const practice = join(beside, 'synthea-1');
  mkdirSync(practice, { recursive: true });
  writeFileSync(join(practice, 'Patient.ndjson.gz'), gzipSync(`${patient('a')}\n`));
  expect(findDataFolder({}, beside)).toBe(practice);
  writeFileSync(join(folder, 'Patient.ndjson'), `${patient('a')}\n`);
  expect(findDataFolder({ INTEROP_DATA_DIR: folder }, beside)).toBe(folder);
});

test('INTEROP_DATA_DIR is rejected if its folder has no resources', () => {
  expect(() => findDataFolder({ INTEROP_DATA_DIR: folder })).toThrow('INTEROP_DATA_DIR');
  expect(() => findDataFolder({ INTEROP_DATA_DIR: join(folder, 'none') })).toThrow('INTEROP_DATA_DIR');
});

test('the folder of examples is FHIR_EXAMPLES_DIR, or a folder beside the checkout if there is one', () => {
  expect(findExamplesFolder({}, folder)).toBeUndefined();
  const beside = join(folder, 'fhir-r4-examples');
  mkdirSync(beside);
  expect(findExamplesFolder({}, folder)).toBe(beside);
  expect(findExamplesFolder({ FHIR_EXAMPLES_DIR: folder })).toBe(folder);
  expect(findExamplesFolder({ FHIR_EXAMPLES_DIR: join(folder, 'none') })).toBeUndefined();
});

test('reading the data keeps the text of each line, from compressed and uncompressed files', () => {
  const observation = '{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50}}';
  writeFileSync(join(folder, 'Observation.ndjson.gz'), gzipSync(observation));
  writeFileSync(join(folder, 'Patient.ndjson'), `${patient('a')}\n${patient('b')}\n`);
  writeFileSync(join(folder, 'README.md'), 'no data');
  const texts = readDataFolder(folder).map(({ text }) => text);
  expect(texts).toEqual([observation, patient('a'), patient('b')]);
});

describe('a part of the data of pnpm interop', () => {
  const appointment = (id: string, ...patients: string[]) => {
    const participant = patients.map((id) => ({ actor: { reference: `Patient/${id}` } }));
    return JSON.stringify({ resourceType: 'Appointment', id, participant });
  };
  const all = [
    patient('a'),
    patient('b'),
    appointment('of-a', 'a'),
    appointment('of-both', 'a', 'b'),
    appointment('of-b', 'b'),
    '{"resourceType":"Organization","id":"o"}',
  ].map(toSourceResource);
  const ids = (part: Parameters<typeof choosePart>[1]) => choosePart(all, part).map(({ id }) => id);

  test('all data are chosen if there are no limits', () => {
    expect(ids({})).toEqual(['a', 'b', 'of-a', 'of-both', 'of-b', 'o']);
  });

  test('no chosen resource refers to a patient who is left out', () => {
    expect(ids({ patients: 1 })).toEqual(['a', 'of-a', 'o']);
  });

  test('patients are always chosen, and at most the given number of each type', () => {
    expect(ids({ types: ['Appointment'] })).toEqual(['a', 'b', 'of-a', 'of-both', 'of-b']);
    expect(ids({ perType: 1 })).toEqual(['a', 'of-a', 'o']);
  });
});
