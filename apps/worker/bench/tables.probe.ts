// Started by scripts/bench. Measures tables against the bare cursor of the database, and the engine against FHIRPath of the National Library
// of Medicine.
import { makeDocument } from '@bulkhead/records/testing';
import { compileView } from '@bulkhead/serving/tables';
import { TableService } from '@bulkhead/serving/tables/commands';
import { toBatches } from '@bulkhead/store';
import { openBench } from './open-bench.ts';
import { serveProbe } from './serve-probe.ts';

const { deps, connection, client } = await openBench();
const connectionId = connection.id;
const resourceType = 'Observation';
/** As many as the worker writes at a time. */
const batchSize = 500;

/** An Observation as athenahealth sends vital signs, of about 1 kB. */
function observation(index: number) {
  const coding = (system: string, code: string, display: string) => ({
    coding: [{ system, code, display }],
    text: display,
  });
  return {
    resourceType,
    id: `a-195900.vitals-${index}`,
    meta: {
      versionId: '1',
      lastUpdated: '2026-01-01T00:00:00.000Z',
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }],
    },
    status: 'final',
    category: [coding('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs', 'Vital Signs')],
    code: coding('http://loinc.org', '29463-7', 'Body weight'),
    subject: { reference: `Patient/a-195900.E-${index % 5000}`, display: 'A patient' },
    encounter: { reference: `Encounter/a-195900.encounter-${index % 50_000}` },
    effectiveDateTime: new Date(Date.UTC(2020, 0, 1) + index * 60_000).toISOString(),
    issued: new Date(Date.UTC(2020, 0, 1) + index * 60_000).toISOString(),
    performer: [{ reference: 'Practitioner/a-195900.provider-7', display: 'A practitioner' }],
    valueQuantity: { value: 50 + (index % 500) / 10, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    note: [{ text: 'Measured in light clothing, without shoes, on the scale of the examination room.' }],
  };
}

const paths = {
  id: 'id',
  status: 'status',
  patient: 'subject.reference',
  encounter: 'encounter.reference',
  date: 'effective.ofType(dateTime)',
  category: 'category.coding.code.first()',
  code: "code.coding.where(system = 'http://loinc.org').code.first()",
  description: 'code.coding.display.first()',
  value: 'value.ofType(Quantity).value',
  unit: 'value.ofType(Quantity).unit',
};

serveProbe({
  /** Stores so many Observations. */
  fill: async (count: number) => async () => {
    await deps.store.prepareResourceTypes([resourceType]);
    for (let start = 0; start < count; start += batchSize) {
      const batch = Array.from({ length: Math.min(batchSize, count - start) }, (_, index) =>
        makeDocument(observation(start + index), { connectionId }),
      );
      await deps.store.resourceWriter.write(resourceType, batch);
    }
    return { units: count };
  },

  /** Stores so many resources of several types, evenly, for the connection and as many for each of two others. */
  fillTypes:
    async ({ types, count }: { readonly types: readonly string[]; readonly count: number }) =>
    async () => {
      await deps.store.prepareResourceTypes([...types]);
      const perType = Math.ceil(count / types.length);
      for (const type of types) {
        for (const id of [connectionId, 'conn_first', 'conn_zlast']) {
          const resources = Array.from({ length: perType }, (_, index) => ({
            ...observation(index),
            resourceType: type,
          }));
          for (const batch of toBatches(resources, batchSize)) {
            const documents = batch.map((resource) => makeDocument(resource, { connectionId: id }));
            await deps.store.resourceWriter.write(type, documents);
          }
        }
      }
      return { units: perType * types.length };
    },

  /** The cursor of the bare driver, which makes objects of the same documents. */
  cursor: async () => {
    await client.connect();
    return async () => {
      let units = 0;
      const documents = client
        .db()
        .collection(resourceType)
        .find({ connectionId, deleted: false }, { projection: { resource: 1 } });
      for await (const { resource } of documents) units += resource ? 1 : 0;
      return { units };
    };
  },

  /** The whole table of the published view. */
  table: async (format: 'parquet' | 'csv' | 'ndjson') => {
    const service = new TableService({
      store: deps.store,
      resources: { checkConnection: async () => undefined },
      shownAttachments: async () => new Map(),
    });
    return async () => {
      const { chunks } = await service.open({
        provider: 'athenahealth',
        view: 'observation',
        connectionIds: [connectionId],
        scope: 'all',
        keyId: 'key_1',
        baseOf: () => 'https://bulkhead.example',
        format,
        quotesFormulas: false,
        since: undefined,
        limit: undefined,
        parameters: new URLSearchParams(),
        signal: new AbortController().signal,
        onFurther: async () => undefined,
      });
      let bytes = 0;
      for await (const chunk of chunks) bytes += chunk.length;
      const units = await client.db().collection(resourceType).countDocuments({ connectionId });
      return { units, details: { bytes } };
    };
  },

  /** The engine, for resources in memory, which are read several times. */
  engine: async ({ count, passes }: { readonly count: number; readonly passes: number }) => {
    const column = Object.entries(paths).map(([name, path]) => ({
      name,
      path,
      type: name === 'value' ? 'decimal' : 'string',
    }));
    const { rows } = compileView({ resource: resourceType, select: [{ column }] });
    const resources = Array.from({ length: count }, (_, index) => observation(index));
    return async () => {
      let units = 0;
      for (let pass = 0; pass < passes; pass++) {
        for (const resource of resources) units += rows(resource).length;
      }
      return { units };
    };
  },

  /** The same expressions, each compiled by fhirpath with its model of R4. */
  fhirpath: async (count: number) => {
    // Its model of R4 takes memory that a table does not need.
    const [{ default: fhirpath }, { default: r4 }] = await Promise.all([
      import('fhirpath'),
      import('fhirpath/fhir-context/r4'),
    ]);
    const compiled = Object.values(paths).map((path) => fhirpath.compile(path, r4));
    const resources = Array.from({ length: count }, (_, index) => observation(index));
    return async () => {
      let units = 0;
      for (const resource of resources) {
        for (const evaluate of compiled) evaluate(resource);
        units += 1;
      }
      return { units };
    };
  },
});
