import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installFromPypi, runCommand } from '@bulkhead/embedded';
import { makeDocument } from '@bulkhead/records/testing';
import { publishedLines } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { publishedViews } from '../index.ts';
import { openTables } from './open-tables.fixture.ts';

/*
 * DuckDB opens the tables of every view over data that this project did not write, and its sums are compared with those of MongoDB. The
 * queries of MongoDB are written by hand and use nothing of the engine.
 */

const connectionIds = ['synthea', 'examples'];
const { synthea, examples } = publishedLines();
/** A published example with numbers such as `1e-245`, which no Parquet type holds. */
const beyondParquet = '"id":"decimal"';
const duckdb = await installFromPypi({ name: 'duckdb', version: '2.0.1', command: 'python', env: process.env });
const whySkipped =
  synthea.length === 0
    ? '../shared/data is missing'
    : 'missing' in duckdb
      ? `DuckDB is missing: ${duckdb.missing}`
      : undefined;

const { store, database, close, read } = await openTables();
const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-duckdb-'));
afterAll(async () => {
  folder.remove();
  await close();
});

type Expression = string | object;
/** The first item of an array, or a field of it. */
const first = (list: string, field?: string): Expression =>
  field === undefined ? { $first: list } : { $let: { vars: { item: { $first: list } }, in: `$$item.${field}` } };
/** The id in a reference to a type. */
const idIn = (path: Expression, type: string): Expression => ({
  $let: {
    vars: { match: { $regexFind: { input: path, regex: `(?:^|/)${type}/([A-Za-z0-9._-]+)$` } } },
    in: { $first: '$$match.captures' },
  },
});
/** What an expression finds in the items of an array, `$$this`. The engine of the tests does not read `$list.field`. */
const each = (list: string, found: Expression): Expression => ({
  $filter: {
    input: { $map: { input: { $ifNull: [list, []] }, in: found } },
    cond: { $ne: [{ $ifNull: ['$$this', null] }, null] },
  },
});
/** The ids in those references of an array that are to a type. */
const idsIn = (references: string, type: string): Expression => each(references, idIn('$$this.reference', type));
const firstParticipant = (type: string): Expression => ({
  $first: each('$resource.participant', idIn('$$this.actor.reference', type)),
});
/** The first item of an array with a field, and its other field. */
const where = (list: string, test: object, field: string): Expression => ({
  $let: {
    vars: { found: { $first: { $filter: { input: { $ifNull: [list, []] }, as: 'item', cond: test } } } },
    in: `$$found.${field}`,
  },
});
const textOr = (concept: string): Expression => ({
  $ifNull: [`${concept}.text`, first(`${concept}.coding`, 'display')],
});
const isLab = { 'resource.category.coding.code': 'laboratory' };
const withComponents = [
  { $set: { part: { $concatArrays: [['$resource'], { $ifNull: ['$resource.component', []] }] } } },
  { $unwind: '$part' },
];
/** A document for each item of a list, with its number. */
const withEach = (list: string) => [
  { $set: { part: `$resource.${list}` } },
  { $unwind: { path: '$part', includeArrayIndex: 'number' } },
];

/** For each view: which resources have rows, and the values of some columns. */
const views: Readonly<
  Record<
    string,
    {
      readonly type: string;
      readonly match?: object;
      readonly stages?: object[];
      readonly columns: Readonly<Record<string, Expression>>;
    }
  >
> = {
  patient: {
    type: 'Patient',
    columns: {
      patient_id: '$resource.id',
      last_name: first('$resource.name', 'family'),
      sex: '$resource.gender',
      birth_date: '$resource.birthDate',
      city: first('$resource.address', 'city'),
      social_security_number: where(
        '$resource.identifier',
        { $eq: ['$$item.system', 'http://hl7.org/fhir/sid/us-ssn'] },
        'value',
      ),
    },
  },
  condition: {
    type: 'Condition',
    columns: {
      condition_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      onset_date: '$resource.onsetDateTime',
      resolved_date: '$resource.abatementDateTime',
      source_code: first('$resource.code.coding', 'code'),
      source_description: textOr('$resource.code'),
    },
  },
  encounter: {
    type: 'Encounter',
    columns: {
      encounter_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      encounter_type: '$resource.class.code',
      encounter_start_date: '$resource.period.start',
      encounter_end_date: '$resource.period.end',
      facility_name: '$resource.serviceProvider.display',
      duration: '$resource.length.value',
      priority_description: textOr('$resource.priority'),
      reason_code: {
        $let: { vars: { reason: { $first: '$resource.reasonCode' } }, in: first('$$reason.coding', 'code') },
      },
    },
  },
  encounter_diagnosis: {
    type: 'Encounter',
    stages: withEach('diagnosis'),
    columns: {
      encounter_id: '$resource.id',
      diagnosis_number: '$number',
      condition_id: idIn('$part.condition.reference', 'Condition'),
      source_description: '$part.condition.display',
      diagnosis_type: first('$part.use.coding', 'code'),
      condition_rank: '$part.rank',
    },
  },
  appointment: {
    type: 'Appointment',
    columns: {
      appointment_id: '$resource.id',
      patient_id: firstParticipant('Patient'),
      practitioner_id: firstParticipant('Practitioner'),
      source_status: '$resource.status',
      start_datetime: '$resource.start',
      duration: '$resource.minutesDuration',
      source_appointment_type_code: first('$resource.appointmentType.coding', 'code'),
      reason_condition_ids: idsIn('$resource.reasonReference', 'Condition'),
      comment: '$resource.comment',
    },
  },
  observation: {
    type: 'Observation',
    match: { $nor: [isLab] },
    stages: withComponents,
    columns: {
      observation_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      source_code: first('$part.code.coding', 'code'),
      result_number: '$part.valueQuantity.value',
      source_units: { $ifNull: ['$part.valueQuantity.unit', '$part.valueQuantity.code'] },
      source_reference_range_high: {
        $let: { vars: { range: { $first: '$part.referenceRange' } }, in: '$$range.high.value' },
      },
    },
  },
  lab_result: {
    type: 'Observation',
    match: isLab,
    stages: withComponents,
    columns: {
      lab_result_id: '$resource.id',
      result_datetime: '$resource.issued',
      source_component_code: first('$part.code.coding', 'code'),
      source_component_description: textOr('$part.code'),
      result_number: '$part.valueQuantity.value',
      source_units: { $ifNull: ['$part.valueQuantity.unit', '$part.valueQuantity.code'] },
    },
  },
  diagnostic_report: {
    type: 'DiagnosticReport',
    columns: {
      diagnostic_report_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      category_code: {
        $let: { vars: { category: { $first: '$resource.category' } }, in: first('$$category.coding', 'code') },
      },
      source_description: textOr('$resource.code'),
      effective_date: '$resource.effectiveDateTime',
      issued_datetime: '$resource.issued',
      organization_id: { $first: idsIn('$resource.performer', 'Organization') },
      result_ids: idsIn('$resource.result', 'Observation'),
      conclusion: '$resource.conclusion',
      attachment_titles: each('$resource.presentedForm', '$$this.title'),
    },
  },
  document_reference: {
    type: 'DocumentReference',
    stages: withEach('content'),
    columns: {
      document_reference_id: '$resource.id',
      document_status: '$resource.docStatus',
      source_code: first('$resource.type.coding', 'code'),
      service_start_date: '$resource.context.period.start',
      practice_setting_description: textOr('$resource.context.practiceSetting'),
      content_number: '$number',
      content_type: '$part.attachment.contentType',
      size_bytes: '$part.attachment.size',
      hash: '$part.attachment.hash',
      is_inline: { $ne: [{ $type: '$part.attachment.data' }, 'missing'] },
      format_code: '$part.format.code',
    },
  },
  medication: {
    type: 'MedicationRequest',
    columns: {
      medication_id: '$resource.id',
      prescribing_date: '$resource.authoredOn',
      source_code: first('$resource.medicationCodeableConcept.coding', 'code'),
      quantity: '$resource.dispenseRequest.quantity.value',
      refills: '$resource.dispenseRequest.numberOfRepeatsAllowed',
      practitioner_id: idIn('$resource.requester.reference', 'Practitioner'),
    },
  },
  immunization: {
    type: 'Immunization',
    columns: {
      immunization_id: '$resource.id',
      occurrence_date: '$resource.occurrenceDateTime',
      source_code: first('$resource.vaccineCode.coding', 'code'),
      source_dose: '$resource.doseQuantity.value',
      lot_number: '$resource.lotNumber',
    },
  },
  procedure: {
    type: 'Procedure',
    columns: {
      procedure_id: '$resource.id',
      procedure_date: { $ifNull: ['$resource.performedDateTime', '$resource.performedPeriod.start'] },
      procedure_end_date: '$resource.performedPeriod.end',
      source_code: first('$resource.code.coding', 'code'),
    },
  },
  allergy: {
    type: 'AllergyIntolerance',
    columns: {
      allergy_id: '$resource.id',
      criticality: '$resource.criticality',
      category: first('$resource.category'),
      source_description: textOr('$resource.code'),
    },
  },
  practitioner: {
    type: 'Practitioner',
    columns: {
      practitioner_id: '$resource.id',
      npi: where('$resource.identifier', { $eq: ['$$item.system', 'http://hl7.org/fhir/sid/us-npi'] }, 'value'),
      last_name: first('$resource.name', 'family'),
      is_active: '$resource.active',
    },
  },
  location: {
    type: 'Location',
    columns: {
      location_id: '$resource.id',
      name: '$resource.name',
      city: '$resource.address.city',
      latitude: '$resource.position.latitude',
      longitude: '$resource.position.longitude',
    },
  },
  care_plan: {
    type: 'CarePlan',
    columns: {
      care_plan_id: '$resource.id',
      status: '$resource.status',
      start_date: '$resource.period.start',
      created_date: '$resource.created',
      condition_ids: idsIn('$resource.addresses', 'Condition'),
      goal_ids: idsIn('$resource.goal', 'Goal'),
      contained_goals: each('$resource.contained', {
        $cond: [{ $eq: ['$$this.resourceType', 'Goal'] }, '$$this.description.text', null],
      }),
      notes: each('$resource.note', '$$this.text'),
    },
  },
  care_plan_activity: {
    type: 'CarePlan',
    stages: withEach('activity'),
    columns: {
      care_plan_id: '$resource.id',
      activity_number: '$number',
      status: '$part.detail.status',
      activity_type: '$part.detail.kind',
      is_prohibited: '$part.detail.doNotPerform',
      source_code: first('$part.detail.code.coding', 'code'),
      description: '$part.detail.description',
      schedule: '$part.detail.scheduledString',
      start_date: {
        $ifNull: ['$part.detail.scheduledPeriod.start', '$part.detail.scheduledTiming.repeat.boundsPeriod.start'],
      },
      frequency: '$part.detail.scheduledTiming.repeat.frequency',
      period: '$part.detail.scheduledTiming.repeat.period',
      daily_amount: '$part.detail.dailyAmount.value',
      location_name: '$part.detail.location.display',
      reference: '$part.reference.reference',
      outcome_references: each('$part.outcomeReference', '$$this.reference'),
      progress_notes: each('$part.progress', '$$this.text'),
    },
  },
};

/** The types of the columns that are not texts. */
const kinds: Readonly<Record<string, 'decimal' | 'integer' | 'list'>> = {
  result_number: 'decimal',
  source_reference_range_high: 'decimal',
  quantity: 'decimal',
  source_dose: 'decimal',
  latitude: 'decimal',
  longitude: 'decimal',
  refills: 'integer',
  condition_ids: 'list',
  duration: 'decimal',
  daily_amount: 'decimal',
  period: 'decimal',
  frequency: 'integer',
  size_bytes: 'integer',
  condition_rank: 'integer',
  diagnosis_number: 'integer',
  content_number: 'integer',
  activity_number: 'integer',
  reason_condition_ids: 'list',
  result_ids: 'list',
  attachment_titles: 'list',
  goal_ids: 'list',
  contained_goals: 'list',
  notes: 'list',
  outcome_references: 'list',
  progress_notes: 'list',
};
const isNumber = (column: string) => kinds[column] === 'decimal' || kinds[column] === 'integer';

/** A number with all of its digits. `$toDecimal` of a double rounds it to 15 digits. */
const exactly = (number: string) => ({ $toDecimal: { $cond: [{ $isNumber: number }, { $toString: number }, '0'] } });

interface Sums {
  readonly nulls: number;
  readonly min?: unknown;
  readonly max?: unknown;
  readonly sum?: unknown;
}
interface Totals {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Sums>>;
}

async function totalsOfMongodb(name: string): Promise<Totals> {
  const { type, match = {}, stages = [], columns } = views[name] as (typeof views)[string];
  const names = Object.keys(columns);
  const [sums] = await database
    .collection(type)
    .aggregate<Record<string, unknown>>([
      { $match: { connectionId: { $in: connectionIds }, deleted: false, ...match } },
      ...stages,
      { $project: Object.fromEntries(names.map((column) => [column, columns[column]])) },
      {
        $group: {
          _id: null,
          rows: { $sum: 1 },
          ...Object.fromEntries(
            names.flatMap((column) => [
              [`${column}_nulls`, { $sum: { $cond: [{ $eq: [{ $ifNull: [`$${column}`, null] }, null] }, 1, 0] } }],
              [`${column}_min`, { $min: `$${column}` }],
              [`${column}_max`, { $max: `$${column}` }],
              [
                `${column}_sum`,
                {
                  $sum: kinds[column] === 'list' ? { $size: `$${column}` } : exactly(`$${column}`),
                },
              ],
            ]),
          ),
        },
      },
    ])
    .toArray();
  return toTotals(names, sums ?? { rows: 0 });
}

/** The same form for both databases. Numbers are texts without trailing zeros. */
function toTotals(names: readonly string[], sums: Readonly<Record<string, unknown>>): Totals {
  const columns = names.map((column) => {
    const [nulls, min, max, sum] = ['nulls', 'min', 'max', 'sum'].map((key) => sums[`${column}_${key}`] ?? null);
    if (kinds[column] === 'list') return [column, { nulls: Number(nulls), sum: toText(sum) }];
    return [
      column,
      {
        nulls: Number(nulls),
        min: toText(min),
        max: toText(max),
        ...(isNumber(column) ? { sum: toText(sum ?? 0) } : {}),
      },
    ];
  });
  return { rows: Number(sums.rows), columns: Object.fromEntries(columns) };
}

function toText(value: unknown): string | null {
  if (value === null) return null;
  const text = String(value);
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** Runs queries of one row each. Decimals are exact, so all digits are compared. */
const script = `
import duckdb, json, sys
answers = {}
for key, query in json.load(open(sys.argv[1])).items():
    result = duckdb.sql(query)
    row = zip(result.columns, result.fetchall()[0])
    answers[key] = {name: None if value is None else str(value).replace('True', 'true').replace('False', 'false') for name, value in row}
json.dump(answers, open(sys.argv[2], 'w'))
`;

/** CSV has no types. */
function fromCsv(column: string): string {
  const kind = kinds[column];
  if (kind === 'decimal') return `cast(${column} as decimal(38, 20))`;
  if (kind === 'integer') return `cast(${column} as integer)`;
  return kind === 'list' ? `from_json(${column}, '["varchar"]')` : column;
}

function queryOf(name: string, file: string): string {
  const isCsv = file.endsWith('.csv');
  const source = isCsv ? `read_csv('${file}', all_varchar = true, header = true)` : `read_parquet('${file}')`;
  const sums = Object.keys((views[name] as (typeof views)[string]).columns).flatMap((column) => {
    const value = isCsv ? fromCsv(column) : column;
    const nulls = `count(*) - count(${column}) as ${column}_nulls`;
    if (kinds[column] === 'list') return [nulls, `sum(len(${value})) as ${column}_sum`];
    const extremes = [`min(${value}) as ${column}_min`, `max(${value}) as ${column}_max`];
    return [nulls, ...extremes, ...(isNumber(column) ? [`sum(${value}) as ${column}_sum`] : [])];
  });
  return `select count(*) as rows, ${sums.join(', ')} from ${source}`;
}

const run = whySkipped === undefined ? test : test.skip;

run(
  `DuckDB reads the same rows, nulls, sums and extremes from Parquet and CSV as MongoDB has${whySkipped === undefined ? '' : `: skipped, because ${whySkipped}`}`,
  async () => {
    for (const [connectionId, lines] of [
      ['synthea', synthea],
      ['examples', examples],
    ] as const) {
      const storable = lines.filter((line) => !line.includes(beyondParquet));
      const byType = Map.groupBy(
        storable,
        (line) => (JSON.parse(line) as { readonly resourceType: string }).resourceType,
      );
      for (const type of new Set(Object.values(views).map((view) => view.type))) {
        const documents = (byType.get(type) ?? []).map((line) => makeDocument(line, { connectionId }));
        for (let start = 0; start < documents.length; start += 500)
          await store.resourceWriter.write(type, documents.slice(start, start + 500));
      }
    }
    expect(Object.keys(views)).toEqual(Object.keys(publishedViews));
    const queries: Record<string, string> = {};
    for (const name of Object.keys(views)) {
      for (const format of ['parquet', 'csv'] as const) {
        const file = join(folder.path, `${name}.${format}`);
        writeFileSync(file, await read({ view: name, connectionIds, format }));
        queries[`${name}.${format}`] = queryOf(name, file);
      }
    }
    const [queryFile, answerFile] = ['queries', 'answers'].map((name) => join(folder.path, `${name}.json`)) as [
      string,
      string,
    ];
    writeFileSync(queryFile, JSON.stringify(queries));
    const { command } = duckdb as { readonly command: string };
    await runCommand({ command, args: ['-c', script, queryFile, answerFile], env: process.env });
    const answers = JSON.parse(readFileSync(answerFile, 'utf8')) as Readonly<
      Record<string, Readonly<Record<string, unknown>>>
    >;
    for (const name of Object.keys(views)) {
      const expected = await totalsOfMongodb(name);
      const names = Object.keys(expected.columns);
      for (const format of ['parquet', 'csv'])
        expect({ table: `${name}.${format}`, ...toTotals(names, answers[`${name}.${format}`] ?? {}) }).toEqual({
          table: `${name}.${format}`,
          ...expected,
        });
      expect(expected.rows).toBeGreaterThan(0);
    }
  },
  120_000,
);

run(
  'a published example with numbers that Parquet cannot hold fails as Parquet, and keeps its digits as CSV',
  async () => {
    const line = examples.find((candidate) => candidate.includes(beyondParquet)) ?? '';
    const connectionId = 'beyond';
    await store.resourceWriter.write('Observation', [makeDocument(line, { connectionId })]);
    const table = { view: 'observation', connectionIds: [connectionId] };
    await expect(read({ ...table, format: 'parquet' })).rejects.toThrow(
      'The column `result_number` of Observation/decimal',
    );
    const numbers = [...line.matchAll(/"value":(-?[\d.eE+-]+)/g)].map(([, number]) => number as string);
    const rows = (await read({ ...table, format: 'csv' })).toString().split('\n');
    for (const number of numbers) expect(rows.some((row) => row.split(',').includes(number))).toBe(true);
    expect(numbers.length).toBeGreaterThan(3);
  },
);
