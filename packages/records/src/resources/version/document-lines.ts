import { decodeExactNumbers, findFields, type JsonWriter, type NumberText } from '@bulkhead/store/bson';
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;

/** Writes the resource of a document as a line. Documents with number texts are decoded first. */
export function writeDocumentLine(writer: JsonWriter, document: Buffer): void {
  const fields = findFields(document);
  const start = fields?.has('numberTexts') ? undefined : fields?.get('resource');
  if (start === undefined || !writer.writeDocument(document, start))
    writer.append(Buffer.from(JSON.stringify(decodeDocument(parseDocument(document)))));
  writer.append(lineEnd);
}

const lineEnd = Buffer.from('\n');

/** Reads a document that the driver has not parsed. */
export function parseDocument(document: Uint8Array): Readonly<Record<string, unknown>> {
  return BSON.deserialize(document);
}

/** The resource of a document, as received. */
export function decodeDocument(document: Readonly<Record<string, unknown>>): unknown {
  return decodeExactNumbers(document.resource, document.numberTexts as NumberText[] | undefined);
}
