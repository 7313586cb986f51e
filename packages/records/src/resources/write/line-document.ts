import { isUtf8 } from 'node:buffer';
import {
  extractSearchKeys,
  isOfType,
  isOperationOutcome,
  isResourceId,
  isResourceType,
  parseFhirJson,
  type Resource,
  type SearchKeys,
  searchedElementsOf,
} from '@bulkhead/fhir';
import {
  type BsonLine,
  type BsonLines,
  type BsonWriter,
  encodeExactNumbers,
  hashKey,
  numbersPerMember,
} from '@bulkhead/store/bson';
import {
  type DocumentContext,
  maxUnmeasuredBytes,
  type ResourceDocument,
  toHead,
} from '../version/resource-document.ts';

interface LineDocumentOptions {
  /** The line without white space around it. */
  readonly json: Buffer;
  /** As in the manifest. `Resource` accepts every type of R4. */
  readonly expectedType: string;
  readonly context: DocumentContext;
  readonly lines: BsonLines;
}

/**
 * Reads a line without parsing it: its bytes become BSON, and only the elements that decide about its version are parsed.
 * @returns undefined if the line is unusual or not a usable resource. `parseResourceLine` then reads it or says what is wrong
 */
export function readLineDocument({
  json,
  expectedType,
  context,
  lines,
}: LineDocumentOptions): { readonly resourceType: string; readonly document: ResourceDocument } | undefined {
  if (json.length >= maxUnmeasuredBytes || !isUtf8(json)) return undefined;
  const line = lines.add(json);
  if (!line) return undefined;
  const { resourceType, id, meta } = readMembers({ json, line, wanted: headElements });
  const isUsable = typeof resourceType === 'string' && isOfType(resourceType, expectedType) && isResourceId(id);
  if (!isUsable || isOperationOutcome({ resourceType })) return undefined;
  const resource = { resourceType, id, meta } as Resource;
  const content = new LineContent({ resourceType, json, line });
  return { resourceType, document: Object.assign(content, toHead({ resource, json, context })) };
}

/** The hashes of the names of elements. */
type ElementHashes = ReadonlySet<number>;

function hashesOf(elements: Iterable<string>): ElementHashes {
  return new Set([...elements].map((element) => hashKey(Buffer.from(element))));
}

const headElements = hashesOf(['resourceType', 'id', 'meta']);

/** The elements from which search keys are made, by type. */
const searchedElements = new Map<string, ElementHashes>();

function searchedHashesOf(resourceType: string): ElementHashes {
  const cached = searchedElements.get(resourceType);
  if (cached) return cached;
  const hashes = hashesOf(searchedElementsOf(resourceType));
  // Only types of R4, because a manifest can announce any number of others.
  if (isResourceType(resourceType)) searchedElements.set(resourceType, hashes);
  return hashes;
}

/** Parses the wanted elements of a resource, and elements whose names have the same hash. The JSON is known to be valid. */
function readMembers(options: {
  readonly json: Buffer;
  readonly line: BsonLine;
  readonly wanted: ElementHashes;
}): Record<string, unknown> {
  const { json, line, wanted } = options;
  const { members, membersStart, membersEnd } = line;
  let text = '';
  for (let index = membersStart; index < membersEnd; index += numbersPerMember) {
    if (!wanted.has(members[index] as number)) continue;
    // The position of the key is without its quotes.
    const keyStart = members[index + 1] as number;
    text += `${text === '' ? '' : ','}${json.toString('utf8', keyStart - 1, members[index + 2])}`;
  }
  return JSON.parse(`{${text}}`) as Record<string, unknown>;
}

/**
 * The content of a document whose line is not parsed. Its keys and its resource are read when they are asked for, because most lines of a
 * repeated export are unchanged and are never written.
 */
class LineContent {
  readonly #resourceType: string;
  readonly #json: Buffer;
  readonly #line: BsonLine;

  constructor(options: { readonly resourceType: string; readonly json: Buffer; readonly line: BsonLine }) {
    this.#resourceType = options.resourceType;
    this.#json = options.json;
    this.#line = options.line;
  }

  get resource(): unknown {
    const { value, hasExactNumbers } = parseFhirJson(this.#json);
    return hasExactNumbers ? encodeExactNumbers(value).value : value;
  }

  get keys(): SearchKeys {
    const wanted = searchedHashesOf(this.#resourceType);
    return extractSearchKeys(readMembers({ json: this.#json, line: this.#line, wanted }) as Resource);
  }

  /** Writes the resource. */
  writeBson(writer: BsonWriter): void {
    const { buffer, start, end } = this.#line;
    writer.append(buffer.subarray(start, end));
  }
}

/** Writes a document as it is stored. @param options.added the fields that the writer of resources adds */
export function writeDocument(options: {
  readonly writer: BsonWriter;
  readonly document: ResourceDocument;
  readonly added: object;
}): void {
  const { writer, document, added } = options;
  const start = writer.startDocument();
  writer.fields(document);
  if (document instanceof LineContent) {
    writer.fields({ keys: document.keys });
    writer.startField('resource');
    document.writeBson(writer);
  }
  writer.fields(added);
  writer.endDocument(start);
}

/** The fields of a document as they are stored. */
export function toFields(document: ResourceDocument): ResourceDocument {
  if (!(document instanceof LineContent)) return document;
  const { keys, resource } = document;
  return { ...document, keys, resource };
}
