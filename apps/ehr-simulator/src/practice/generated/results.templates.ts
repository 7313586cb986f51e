import { createHash } from 'node:crypto';
import { sampleDocuments } from '../sample-documents.ts';
import type { GeneratedType, Variant } from './template.ts';
import { concept, hl7Concept, patientReferences } from './template-parts.ts';

/** Who was examined, when, and by whom. */
const circumstances = {
  subject: patientReferences.subject,
  encounter: patientReferences.encounter,
  effectiveDateTime: '{{start}}',
  issued: '{{end}}',
  performer: [patientReferences.practitioner],
};

interface Measure {
  readonly category: 'vital-signs' | 'laboratory';
  readonly code: string;
  readonly display: string;
  readonly unit: string;
  readonly range: readonly [min: number, max: number, decimals: number];
}

const measures: readonly Measure[] = [
  { category: 'vital-signs', code: '8310-5', display: 'Body temperature', unit: '[degF]', range: [96, 102, 2] },
  { category: 'vital-signs', code: '29463-7', display: 'Body weight', unit: 'kg', range: [40, 140, 2] },
  { category: 'vital-signs', code: '8302-2', display: 'Body height', unit: 'cm', range: [140, 200, 1] },
  { category: 'vital-signs', code: '8867-4', display: 'Heart rate', unit: '/min', range: [48, 120, 0] },
  { category: 'vital-signs', code: '59408-5', display: 'Oxygen saturation', unit: '%', range: [90, 100, 0] },
  { category: 'laboratory', code: '4548-4', display: 'Hemoglobin A1c', unit: '%', range: [4, 12, 2] },
  { category: 'laboratory', code: '2339-0', display: 'Glucose', unit: 'mg/dL', range: [60, 280, 1] },
  { category: 'laboratory', code: '2160-0', display: 'Creatinine', unit: 'mg/dL', range: [0, 3, 2] },
  { category: 'laboratory', code: '13457-7', display: 'Cholesterol in LDL', unit: 'mg/dL', range: [40, 220, 2] },
];

export const observationTemplate: GeneratedType = {
  type: 'Observation',
  idPart: 'Result',
  scope: 'patient',
  count: { min: 8, max: 12 },
  variants: [...measures.map(measured), bloodPressure()],
};

function measured({ category, code, display, unit, range: [min, max, decimals] }: Measure): Variant {
  const profile = category === 'laboratory' ? 'observation-lab' : 'vital-signs';
  const content = {
    valueQuantity: { value: '{{#value}}', unit, system: 'http://unitsofmeasure.org', code: unit },
    referenceRange: [{ low: { value: min, unit }, high: { value: max, unit }, text: `${min}–${max} ${unit}` }],
  };
  return { ...observation({ category, code, display, profile, content }), value: { min, max, decimals } };
}

function bloodPressure(): Variant {
  const component = [
    { code: '8480-6', display: 'Systolic blood pressure', value: '{{#value}}' },
    { code: '8462-4', display: 'Diastolic blood pressure', value: '{{#value2}}' },
  ].map(({ code, display, value }) => ({
    code: concept({ system: 'loinc', code, display }),
    valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  }));
  const panel = { category: 'vital-signs', code: '85354-9', display: 'Blood pressure panel' } as const;
  return {
    ...observation({ ...panel, profile: 'blood-pressure', content: { component } }),
    value: { min: 95, max: 180, decimals: 0 },
    value2: { min: 55, max: 110, decimals: 1 },
  };
}

interface ObservationInput extends Pick<Measure, 'category' | 'code' | 'display'> {
  readonly profile: string;
  /** What was measured. */
  readonly content: object;
}

function observation({ category, code, display, profile, content }: ObservationInput): Variant {
  return {
    profile,
    narrative: `<p>${display} on {{day}}</p><p>{{note}}</p>`,
    resource: {
      status: 'final',
      category: [hl7Concept({ name: 'observation-category', code: category, display: category })],
      code: concept({ system: 'loinc', code, display }),
      ...circumstances,
      ...content,
    },
  };
}

const categories = { LAB: 'Laboratory', RAD: 'Radiology' };

const reports = [
  { category: 'LAB', code: '58410-2', display: 'Complete blood count (hemogram) panel', inline: false },
  { category: 'LAB', code: '24323-8', display: 'Comprehensive metabolic panel', inline: true },
  { category: 'RAD', code: '36643-5', display: 'Chest X-ray', inline: false },
] as const;

export const diagnosticReportTemplate: GeneratedType = {
  type: 'DiagnosticReport',
  idPart: 'Report',
  scope: 'patient',
  count: { min: 1, max: 3 },
  variants: reports.map(({ category, code, display, inline }) => ({
    profile: 'diagnosticreport-lab',
    narrative: `<p>${display} for {{given}} {{family}}, {{day}}</p>`,
    resource: {
      status: 'final',
      category: [hl7Concept({ name: 'v2-0074', code: category, display: categories[category] })],
      code: concept({ system: 'loinc', code, display }),
      ...circumstances,
      conclusion: '{{note}}',
      presentedForm: [attachment({ display, inline, image: category === 'RAD' })],
    },
  })),
};

interface AttachmentInput {
  readonly display: string;
  readonly inline: boolean;
  readonly image: boolean;
}

/** Reports have absolute URLs. Documents (`DocumentReference`) have relative ones by default, so that clients meet both. */
function attachment({ display, inline, image }: AttachmentInput) {
  const name = image ? 'png' : 'pdf';
  const { contentType, bytes } = sampleDocuments[name];
  const content = inline
    ? { data: bytes.toString('base64') }
    : { url: `{{fhirBase}}/Binary/a-{{practiceId}}.${name}-{{binaryId}}` };
  return { contentType, ...content, size: bytes.length, title: `${display} report`, creation: '{{end}}' };
}

const documents = [
  { code: '34117-2', display: 'History and physical note', file: 'pdf', inline: false },
  { code: '11506-3', display: 'Progress note', file: 'pdf', inline: true },
  { code: '72170-4', display: 'Photographic image', file: 'png', inline: false },
] as const;

export const documentReferenceTemplate: GeneratedType = {
  type: 'DocumentReference',
  idPart: 'Document',
  scope: 'patient',
  count: { min: 1, max: 2 },
  variants: documents.map(({ code, display, file, inline }) => {
    const { contentType, bytes } = sampleDocuments[file];
    const where = inline
      ? { data: bytes.toString('base64') }
      : { url: `{{documentBase}}Binary/a-{{practiceId}}.${file}-{{binaryId}}` };
    const hash = createHash('sha1').update(bytes).digest('base64');
    return {
      narrative: `<p>${display}, {{day}}</p>`,
      resource: {
        status: 'current',
        type: concept({ system: 'loinc', code, display }),
        category: [
          {
            coding: [
              {
                system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
                code: 'clinical-note',
              },
            ],
          },
        ],
        subject: patientReferences.subject,
        date: '{{end}}',
        author: [patientReferences.practitioner],
        custodian: patientReferences.organization,
        description: '{{note}}',
        content: [{ attachment: { contentType, ...where, size: bytes.length, hash, title: `${display} ({{day}})` } }],
        context: { encounter: [patientReferences.encounter], period: { start: '{{start}}', end: '{{end}}' } },
      },
    };
  }),
};
