import type { SimulatorOptions } from '../../options/options.ts';
import type { BatchesInput, PracticeSource, ResourceBatch, StoredResource } from '../practice-source.ts';
import { locationTemplate, organizationTemplate, patientTemplate, practitionerTemplate } from './people.templates.ts';
import {
  allergyIntoleranceTemplate,
  conditionTemplate,
  immunizationTemplate,
  medicationRequestTemplate,
} from './problems.templates.ts';
import { createResourceWriter, type WriteResources } from './resource-writer.ts';
import { diagnosticReportTemplate, documentReferenceTemplate, observationTemplate } from './results.templates.ts';
import type { GeneratedType } from './template.ts';
import { appointmentTemplate, carePlanTemplate, encounterTemplate, procedureTemplate } from './visits.templates.ts';

/** The integration guide's twelve types, and the three that they refer to. */
const generatedTypes: readonly GeneratedType[] = [
  patientTemplate,
  observationTemplate,
  conditionTemplate,
  medicationRequestTemplate,
  allergyIntoleranceTemplate,
  immunizationTemplate,
  procedureTemplate,
  diagnosticReportTemplate,
  carePlanTemplate,
  encounterTemplate,
  appointmentTemplate,
  documentReferenceTemplate,
  organizationTemplate,
  practitionerTemplate,
  locationTemplate,
];

interface GeneratePracticeOptions
  extends Pick<SimulatorOptions, 'patients' | 'seed' | 'practiceId' | 'relativeAttachmentUrls'> {
  readonly fhirBase: () => string;
}

/** A batch has about 200 kB of observations: large enough to be cheap, small enough not to block the event loop. */
const patientsPerBatch = 16;

interface Generator {
  readonly generatedType: GeneratedType;
  readonly write: WriteResources;
}

/**
 * A generated practice. Any resource can be computed from its id, and a type is generated patient by patient while it
 * is sent, so a practice of a million patients needs no more memory than one of ten.
 */
export function generatePractice(options: GeneratePracticeOptions): PracticeSource {
  const { patients } = options;
  const generators = new Map<string, Generator>(
    generatedTypes.map((generatedType) => {
      return [generatedType.type, { generatedType, write: createResourceWriter({ ...options, generatedType }) }];
    }),
  );
  const ownersOf = (id: string) => ownerIn(id, options);
  return {
    types: [...generators.keys()],
    batches: (input) => generateBatches(generators.get(input.type), { ...input, patients }),
    read: async ({ type, id }) => {
      const generator = generators.get(type);
      const owner = generator?.generatedType.scope === 'practice' ? 0 : ownersOf(id);
      if (!generator || owner === undefined) return undefined;
      return generator.write({ owner }).find((resource) => resource.id === id);
    },
    ofPatient: async ({ type, patientId }) => {
      const generator = generators.get(type);
      const owner = ownersOf(patientId);
      if (!generator || owner === undefined || generator.generatedType.scope === 'practice') return [];
      return generator.write({ owner });
    },
  };
}

/** The number of the patient in `a-195900.Result-17-3`. */
function ownerIn(id: string, { practiceId, patients }: GeneratePracticeOptions): number | undefined {
  const [, practice, number] = /^a-(\d+)\.[A-Za-z]+-(\d+)(?:-\d+)?$/.exec(id) ?? [];
  const owner = Number(number);
  return practice === practiceId && owner >= 1 && owner <= patients ? owner : undefined;
}

async function* generateBatches(
  generator: Generator | undefined,
  { patients, fromBatch = 0, sinceMs }: BatchesInput & { readonly patients: number },
): AsyncGenerator<ResourceBatch> {
  if (!generator) return;
  const { generatedType, write } = generator;
  if (generatedType.scope === 'practice') {
    if (fromBatch === 0) yield { index: 0, resources: write({ owner: 0, sinceMs }) };
    return;
  }
  for (let index = fromBatch; index * patientsPerBatch < patients; index += 1) {
    const resources: StoredResource[] = [];
    const last = Math.min(patients, (index + 1) * patientsPerBatch);
    for (let owner = index * patientsPerBatch + 1; owner <= last; owner += 1)
      resources.push(...write({ owner, sinceMs }));
    yield { index, resources };
  }
}
