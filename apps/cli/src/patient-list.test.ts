import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listPatients, patientsFor } from './patient-list.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'patients-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function inFile(text: string): { readonly patientsFile: string } {
  const patientsFile = join(folder, 'patients.txt');
  writeFileSync(patientsFile, text);
  return { patientsFile };
}

test('a file of patients has one id a line, and each patient is listed once', () => {
  expect(listPatients(inFile('p1\r\np2\n\n  p1  \n'))).toEqual(['p1', 'p2']);
  expect(listPatients({ patients: ['p1'] })).toEqual(['p1']);
  expect(listPatients({})).toBeUndefined();
});

test('a list that is empty, given twice or too long for a request is refused before anything is sent', () => {
  expect(() => listPatients(inFile('\n \n'))).toThrow('lists no patients');
  expect(() => listPatients({ ...inFile('p1'), patients: ['p1'] })).toThrow('not both');
  const million = inFile(Array.from({ length: 1_000_000 }, (_, index) => `p${index}`).join('\n'));
  expect(() => patientsFor(million, { of: 'run' })).toThrow('names 1000000 patients, and a run can name 1000');
  expect(() => patientsFor(million, { of: 'cohort' })).toThrow('a cohort can name 10000');
});
