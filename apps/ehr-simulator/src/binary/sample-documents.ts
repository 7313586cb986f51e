import { buildPdf } from './build-pdf.ts';
import { buildPng } from './build-png.ts';

/** What attachments hold: small, but real enough for a content check. */
export const sampleDocuments = {
  pdf: { contentType: 'application/pdf', bytes: buildPdf('Simulated clinical document') },
  png: { contentType: 'image/png', bytes: buildPng(16) },
} as const;
