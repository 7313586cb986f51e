import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { generatePractice } from './generate-practice.ts';

const fhirBase = () => 'http://simulator/fhir/r4';
const make = (seed: number, patients = 40) =>
  generatePractice({ patients, seed, practiceId: '195900', relativeAttachmentUrls: true, fhirBase });

async function everyLine(seed: number, type: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { resources } of make(seed).batches({ type })) lines.push(...resources.map(({ text }) => text));
  return lines;
}

async function digest(seed: number): Promise<string> {
  const hash = createHash('sha256');
  for (const type of make(seed).types) hash.update((await everyLine(seed, type)).join('\n'));
  return hash.digest('hex');
}

test('the generator creates the same practice for the same seed and another one for another seed', async () => {
  expect(await digest(1)).toBe(await digest(1));
  expect(await digest(1)).not.toBe(await digest(2));
});

test('the README gives the counts of the practice that npm start generates', async () => {
  const practice = make(1, 200);
  const counts = new Map<string, number>();
  for (const type of practice.types) {
    for await (const { resources } of practice.batches({ type }))
      counts.set(type, (counts.get(type) ?? 0) + resources.length);
  }
  const sum = (...types: readonly string[]) => types.reduce((total, type) => total + (counts.get(type) ?? 0), 0);
  const readme = readFileSync(new URL('../../../../../README.md', import.meta.url), 'utf8');
  const all = sum(...practice.types).toLocaleString('en-US');
  expect(readme).toContain(`job_…: ${all} of ${all} resources`);
  const exported = sum('Patient', 'Observation', 'Condition');
  expect(readme).toContain(`"promised": ${exported}, "stored": ${exported}`);
  const others = ['MedicationRequest', 'AllergyIntolerance', 'Immunization', 'Procedure'];
  const standard = sum('Patient', 'Observation', 'Condition', ...others);
  const enhanced = sum('DiagnosticReport', 'CarePlan', 'Encounter');
  expect(readme).toContain(
    `"standardResources": ${standard}, "enhancedResources": ${enhanced}, "total": ${standard + enhanced}`,
  );
});

test('the generator creates valid resources of every type with unique ids and correct meta', async () => {
  const practice = make(1);
  const ids = new Set<string>();
  let total = 0;
  for (const type of practice.types) {
    for await (const { resources } of practice.batches({ type })) {
      for (const { id, versionId, lastUpdatedMs, text } of resources) {
        const resource = JSON.parse(text);
        expect(resource).toMatchObject({ resourceType: type, id, meta: { versionId: String(versionId) } });
        expect(Date.parse(resource.meta.lastUpdated)).toBe(lastUpdatedMs);
        expect(text).not.toMatch(/\{\{|undefined/);
        ids.add(`${type}/${id}`);
        total += 1;
      }
    }
  }
  expect(ids.size).toBe(total);
  expect(total / 40).toBeGreaterThan(25);
  expect(total / 40).toBeLessThan(40);
});

test('the generator writes decimals with trailing zeros, long decimals and characters of several bytes', async () => {
  const text = (await everyLine(1, 'Observation')).join('\n');
  expect(text).toMatch(/"value":\d+\.\d0[,}]/);
  expect(text).toMatch(/"value":\d+\.\d{15,}[,}]/);
  expect(Buffer.byteLength(text)).toBeGreaterThan(text.length);
});

test('the generator creates one resource, or those of one patient, alone', async () => {
  const practice = make(1);
  const all = await everyLine(1, 'Observation');
  const [resource] = await practice.ofPatient({ type: 'Observation', patientId: 'a-195900.E-7' });
  expect(all).toContain(resource?.text);
  expect(await practice.read({ type: 'Observation', id: String(resource?.id) })).toEqual(resource);
  expect(await practice.read({ type: 'Patient', id: 'a-195900.E-41' })).toBeUndefined();
});

test('the generator starts at any batch and omits resources that are not newer than a date', async () => {
  const sinceMs = Date.UTC(2025, 0, 1);
  let newer = 0;
  for await (const { resources } of make(1).batches({ type: 'Encounter', sinceMs })) {
    for (const { lastUpdatedMs } of resources) expect(lastUpdatedMs).toBeGreaterThan(sinceMs);
    newer += resources.length;
  }
  expect(newer).toBeGreaterThan(0);
  const indexes: number[] = [];
  for await (const { index } of make(1).batches({ type: 'Encounter', fromBatch: 2 })) indexes.push(index);
  expect(indexes).toEqual([2]);
});
