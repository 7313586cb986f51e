import type { StoredResource } from '../practice-source.ts';
import { type CalendarInstant, calendarInstant, drawNumber, mix, pick } from './draws.ts';
import { patientFacts } from './patient-facts.ts';
import { compileTemplate, type GeneratedType, type Slots, slotNames, type Template, type Variant } from './template.ts';
import { resourceHead } from './template-parts.ts';

/** Free text as clinicians write it, with escapes, symbols, emoji and other scripts. Already JSON-escaped. */
const notePool: readonly string[] = [
  'Patient reports feeling well 🙂 and denies chest pain, dyspnoea or oedema. Taking medication as prescribed; reviewed side effects and the plan in detail. Return precautions given and understood.',
  'BP ≥ 140/90 on two visits; goal under 130/80. Discussed sodium under 2 g/day, walking 30 min × 5/week, and home cuff readings. Recheck in 4–6 weeks, sooner with headache or vision change.',
  'Follow-up of type 2 diabetes: A1c improved by ≈ 0.6 %. Foot exam normal, monofilament 10/10 bilaterally. Retinal exam due.\\nContinue metformin 1000 mg; µ-albumin ordered.',
  'Paciente acompañada por su hija; se explicó el tratamiento en español. Niega alergias nuevas. Próxima cita en tres meses — traer la lista de medicamentos.',
  'Temp 37 °C, lungs clear to auscultation, no wheeze. Rapid strep negative. Supportive care: fluids, rest, acetaminophen 500 mg q6h prn. Called back: \\"much better\\" 👍.',
  'Знакомый пациент, жалоб нет. Interpreter used for the entire visit. Immunization record reviewed and reconciled with the state registry; influenza vaccine given today without reaction.',
  '患者は元気です。Reviewed imaging with the family: no acute fracture. Knee effusion resolving, full range of motion. Physical therapy twice weekly for six weeks, then reassess 🏃‍♀️.',
  'Chart prepared from prior records\\t(scanned, 14 pages). Allergies reconciled: penicillin → hives (1998). Family history notable for early coronary disease in father at 48 years.',
];

interface ResourceWriterOptions {
  readonly generatedType: GeneratedType;
  readonly seed: number;
  readonly practiceId: string;
  readonly fhirBase: () => string;
  readonly relativeAttachmentUrls: boolean;
}

/** Writes the resources of a patient (1 is the first) or of the practice (owner 0) that are newer than `sinceMs`. */
export type WriteResources = (input: {
  readonly owner: number;
  readonly sinceMs?: number | undefined;
}) => StoredResource[];

interface CompiledVariant extends Pick<Variant, 'value' | 'value2'> {
  readonly template: Template;
}

/** One of four resources was changed after it was created. */
const versions = [1, 1, 1, 2] as const;
/** The minimum in `visits.templates.ts`, so that every reference to an encounter resolves. */
const encountersOfEveryPatient = 3;
const providers = 12;
const locations = 4;

/** Creates the writer of one type. The seed and its place determine everything about a resource. */
export function createResourceWriter(options: ResourceWriterOptions): WriteResources {
  const { generatedType, seed, practiceId } = options;
  const { scope, count: range, idPart, type } = generatedType;
  const typeHash = [...type].reduce((hash, letter) => mix(hash, letter.charCodeAt(0), 1), seed);
  const variants = generatedType.variants.map(
    ({ resource, narrative, profile = type.toLowerCase(), ...values }): CompiledVariant => ({
      ...values,
      template: compileTemplate({ ...resourceHead({ type, profile, narrative }), ...resource }),
    }),
  );
  const count = (owner: number) => range.min + (mix(typeHash, owner, 2) % (range.max - range.min + 1));
  const prefix = `a-${practiceId}`;
  const idOf = (owner: number, position: number) => {
    if (type === 'Organization' && position === 0) return `a-1.Practice-${practiceId}`;
    if (type === 'Patient') return `${prefix}.${idPart}-${owner}`;
    return scope === 'practice'
      ? `${prefix}.${idPart}-${position + 1}`
      : `${prefix}.${idPart}-${owner}-${position + 1}`;
  };

  const writeOne = (slots: Slots, owner: number, position: number, changed: CalendarInstant): StoredResource => {
    const draw = mix(typeHash, owner, position, 3);
    const { template, value, value2 } = variants[(draw + position) % variants.length] as CompiledVariant;
    const versionId = versions[draw & 3] as number;
    slots.id = idOf(owner, position);
    slots.versionId = String(versionId);
    slots.lastUpdated = changed.text;
    fillEvent({ slots, draw, prefix, owner });
    slots.binaryId = `${owner}-${position + 1}`;
    if (value) slots.value = drawNumber(value, mix(draw, 5, 0));
    if (value2) slots.value2 = drawNumber(value2, mix(draw, 6, 0));
    return { id: slots.id, versionId, lastUpdatedMs: changed.epochMs, text: template(slots) };
  };

  return ({ owner, sinceMs = -1 }) => {
    const resources: StoredResource[] = [];
    let slots: Slots | undefined;
    const total = count(owner);
    for (let position = 0; position < total; position += 1) {
      const changed = calendarInstant(mix(typeHash, owner, position, 4));
      if (changed.epochMs <= sinceMs) continue;
      const number = scope === 'practice' ? 1_000_000_000 + position : owner;
      if (!slots || scope === 'practice') slots = startSlots(options, { owner, number });
      resources.push(writeOne(slots, owner, position, changed));
    }
    return resources;
  };
}

const emptySlots = Object.fromEntries(slotNames.map((name) => [name, ''])) as Slots;

function startSlots(
  { seed, practiceId, fhirBase, relativeAttachmentUrls }: ResourceWriterOptions,
  { owner, number }: { readonly owner: number; readonly number: number },
): Slots {
  return {
    ...emptySlots,
    ...patientFacts({ seed, number }),
    practiceId,
    fhirBase: fhirBase(),
    documentBase: relativeAttachmentUrls ? '' : `${fhirBase()}/`,
    organizationId: `a-1.Practice-${practiceId}`,
    patientId: `a-${practiceId}.E-${owner}`,
  };
}

interface FillEventInput {
  readonly slots: Slots;
  readonly draw: number;
  readonly prefix: string;
  readonly owner: number;
}

/** Sets when, where and with whom it happened, and the notes. */
function fillEvent({ slots, draw, prefix, owner }: FillEventInput): void {
  const happened = calendarInstant(mix(draw, 7, 0));
  slots.day = happened.day;
  slots.start = happened.text;
  slots.end = `${happened.day}T23:59:59Z`;
  slots.encounterId = `${prefix}.Encounter-${owner}-${(draw % encountersOfEveryPatient) + 1}`;
  slots.practitionerId = `${prefix}.Provider-${(draw % providers) + 1}`;
  slots.locationId = `${prefix}.Location-${(draw % locations) + 1}`;
  slots.note = pick(notePool, draw >>> 4);
  slots.note2 = pick(notePool, draw >>> 9);
}
