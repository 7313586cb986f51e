import { createHash, randomUUID } from 'node:crypto';
import type { EncryptedFileWriter } from '@bulkhead/store';
import type { DocumentStore } from '../document.feature.ts';
import { maxInlineBytes, uploadsOf } from '../document-content.repository.ts';
import type { DocumentProgress, PatientDocument } from '../patient-document.record.ts';

interface UploadOptions {
  readonly document: Pick<PatientDocument, 'id' | 'connectionId'>;
  readonly contents: DocumentStore['documentContents'];
  /** Commits the stored parts. Returns false if another attempt has taken over. */
  readonly save: (progress: DocumentProgress) => Promise<boolean>;
}

/** Writes a document to the database part by part, and computes its hashes. A small one is only held in memory. */
export class DocumentUpload {
  readonly #options: UploadOptions;
  readonly #sha256 = createHash('sha256');
  readonly #sha1 = createHash('sha1');
  #progress: DocumentProgress;
  /** The number of committed parts. */
  #saved: number;
  /** The bytes from the beginning, until they are more than a content in its record may have. */
  #held: Buffer[] | undefined;
  #part: EncryptedFileWriter | undefined;
  #partSize = 0;
  #size = 0;

  private constructor(options: UploadOptions, progress: DocumentProgress) {
    this.#options = options;
    this.#progress = progress;
    this.#saved = progress.parts.length;
    this.#held = progress.parts.length === 0 ? [] : undefined;
  }

  static begin(
    options: UploadOptions,
    fields: Pick<DocumentProgress, 'fingerprint' | 'partBytes'> & { readonly etag?: string | undefined },
  ): DocumentUpload {
    const { etag, ...rest } = fields;
    const upload = `${uploadsOf(options.document)}.up_${randomUUID()}`;
    const progress = { upload, parts: [], ...rest, ...(etag === undefined ? {} : { etag }) };
    return new DocumentUpload(options, progress);
  }

  /** Reads the stored parts again to compute the hashes, because the state of a hash cannot be stored. */
  static async resume(options: UploadOptions, progress: DocumentProgress): Promise<DocumentUpload> {
    const upload = new DocumentUpload(options, progress);
    const end = progress.parts.length * progress.partBytes;
    for await (const bytes of options.contents.readParts(progress, { start: 0, end })) upload.#count(bytes);
    return upload;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** @returns false if another attempt has taken over. Then this attempt must stop */
  async write(bytes: Buffer): Promise<boolean> {
    this.#count(bytes);
    if (!this.#held) return this.#writeParts(bytes);
    this.#held.push(bytes);
    // A part may be smaller than a content in its record.
    if (this.#size <= Math.min(maxInlineBytes, this.#progress.partBytes)) return true;
    const held = Buffer.concat(this.#held);
    this.#held = undefined;
    return this.#writeParts(held);
  }

  async #writeParts(bytes: Buffer): Promise<boolean> {
    for (let rest = bytes; rest.length > 0; ) {
      const { upload, parts, partBytes } = this.#progress;
      const { document, contents } = this.#options;
      const { connectionId } = document;
      const part = this.#part ?? (await contents.createPart({ connectionId, upload, index: parts.length }));
      this.#part = part;
      const portion = rest.subarray(0, partBytes - this.#partSize);
      await part.write(portion);
      this.#partSize += portion.length;
      rest = rest.subarray(portion.length);
      if (this.#partSize === partBytes) {
        await this.#endPart();
        if (!(await this.#options.save(this.#progress))) return false;
        this.#saved = this.#progress.parts.length;
      }
    }
    return true;
  }

  async end() {
    if (this.#part) await this.#endPart();
    const { upload, parts, partBytes } = this.#progress;
    return {
      upload,
      parts,
      partBytes,
      sizeBytes: this.#size,
      sha256: this.#sha256.digest('hex'),
      sha1: this.#sha1.digest('hex'),
      inline: this.#held && Buffer.concat(this.#held),
    };
  }

  /** Removes the parts that are neither committed nor part of a content. */
  async close(): Promise<void> {
    const { upload, parts } = this.#progress;
    await this.#part?.abort();
    const uncommitted = parts.slice(this.#saved);
    if (uncommitted.length > 0) await this.#options.contents.removeParts({ upload, parts: uncommitted });
  }

  async #endPart(): Promise<void> {
    const file = await this.#part?.end();
    this.#part = undefined;
    this.#partSize = 0;
    if (file !== undefined) this.#progress = { ...this.#progress, parts: [...this.#progress.parts, file] };
  }

  #count(bytes: Buffer): void {
    this.#sha256.update(bytes);
    this.#sha1.update(bytes);
    this.#size += bytes.length;
  }
}
