import { createHash } from 'node:crypto';
import { sampleDocuments } from '../../../binary/sample-documents.ts';
import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const documents = [
  { code: '34117-2', display: 'History and physical note', file: 'pdf', inline: false },
  { code: '11506-3', display: 'Progress note', file: 'pdf', inline: true },
  { code: '72170-4', display: 'Photographic image', file: 'png', inline: false },
] as const;

type Document = (typeof documents)[number];

export const documentReferenceTemplate: GeneratedType = {
  type: 'DocumentReference',
  idPart: 'Document',
  scope: 'patient',
  count: { min: 1, max: 2 },
  variants: documents.map((document) => ({ resource: variant(document) })),
};

function variant({ code, display, file, inline }: Document) {
  const { contentType, bytes } = sampleDocuments[file];
  const where = inline ? { data: bytes.toString('base64') } : { url: `Binary/a-{{practiceId}}.${file}-{{binaryId}}` };
  const hash = createHash('sha1').update(bytes).digest('base64');
  return {
    ...resourceHead({
      type: 'DocumentReference',
      profile: 'documentreference',
      narrative: `<p>${display}, {{day}}</p>`,
    }),
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
  };
}
