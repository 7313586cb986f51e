import { crc32, deflateSync } from 'node:zlib';

/** A one-page PDF 1.4 that viewers can open: its objects, a cross-reference table and a trailer. */
function buildPdf(text: string): Buffer {
  const content = `BT /F1 24 Tf 72 700 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let pdf = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = pdf.length;
    pdf += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = pdf.length;
  pdf += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`;
  pdf += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(pdf, 'latin1');
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const grayscale8Bit = Buffer.from([8, 0, 0, 0, 0]);

/** A square grey gradient. */
function buildPng(size: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  // Each row starts with its filter type, 0.
  const pixels = Buffer.alloc(size * (size + 1));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) pixels[row * (size + 1) + column + 1] = (row * column * 7) % 256;
  }
  return Buffer.concat([
    signature,
    chunk('IHDR', Buffer.concat([head, grayscale8Bit])),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** The content of attachments: small, but real enough for a content check. */
export const sampleDocuments = {
  pdf: { contentType: 'application/pdf', bytes: buildPdf('Simulated clinical document') },
  png: { contentType: 'image/png', bytes: buildPng(16) },
} as const;
