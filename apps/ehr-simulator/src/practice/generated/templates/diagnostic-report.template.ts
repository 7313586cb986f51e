import { sampleDocuments } from '../../../binary/sample-documents.ts';
import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const reports = [
  {
    category: 'LAB',
    categoryDisplay: 'Laboratory',
    code: '58410-2',
    display: 'Complete blood count (hemogram) panel',
    inline: false,
  },
  {
    category: 'LAB',
    categoryDisplay: 'Laboratory',
    code: '24323-8',
    display: 'Comprehensive metabolic panel',
    inline: true,
  },
  { category: 'RAD', categoryDisplay: 'Radiology', code: '36643-5', display: 'Chest X-ray', inline: false },
] as const;

type Report = (typeof reports)[number];

export const diagnosticReportTemplate: GeneratedType = {
  type: 'DiagnosticReport',
  idPart: 'Report',
  scope: 'patient',
  count: { min: 1, max: 3 },
  variants: reports.map((report) => ({ resource: variant(report) })),
};

function variant({ category, categoryDisplay, code, display, inline }: Report) {
  return {
    ...resourceHead({
      type: 'DiagnosticReport',
      profile: 'diagnosticreport-lab',
      narrative: `<p>${display} for {{given}} {{family}}, {{day}}</p>`,
    }),
    status: 'final',
    category: [concept({ system: 'hl7', name: 'v2-0074', code: category, display: categoryDisplay })],
    code: concept({ system: 'loinc', code, display }),
    subject: patientReferences.subject,
    encounter: patientReferences.encounter,
    effectiveDateTime: '{{start}}',
    issued: '{{end}}',
    performer: [patientReferences.practitioner],
    conclusion: '{{note}}',
    presentedForm: [attachment({ display, inline, image: category === 'RAD' })],
  };
}

interface AttachmentInput {
  readonly display: string;
  readonly inline: boolean;
  readonly image: boolean;
}

/** Reports link with an absolute URL, documents (`DocumentReference`) with a relative one: clients meet both. */
function attachment({ display, inline, image }: AttachmentInput) {
  const name = image ? 'png' : 'pdf';
  const { contentType, bytes } = sampleDocuments[name];
  const content = inline
    ? { data: bytes.toString('base64') }
    : { url: `{{fhirBase}}/Binary/a-{{practiceId}}.${name}-{{binaryId}}` };
  return { contentType, ...content, size: bytes.length, title: `${display} report`, creation: '{{end}}' };
}
