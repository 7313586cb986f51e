import { amountsOf, type Database, type Named, type PatientPass, pagesOf, sumBytes } from '@bulkhead/store';
import { collections } from './collections.ts';
import type { DocumentRepository } from './document.repository.ts';
import type { DocumentContentRepository, StoredParts } from './document-content.repository.ts';

export interface StoredDocument extends Named {
  readonly sha256?: string;
  readonly progress?: StoredParts;
}

export type StoredContent = Named & StoredParts & { readonly sizeBytes: number };

type ErasePass = Pick<PatientPass, 'connectionId'> & Partial<Pick<PatientPass, 'signal' | 'onFound' | 'onDeleted'>>;

/** Deletes documents with the contents that no other document uses. */
export class DocumentEraser {
  readonly #options;

  constructor(options: {
    readonly database: Database;
    readonly documents: DocumentRepository;
    readonly contents: DocumentContentRepository;
  }) {
    this.#options = options;
  }

  find(filter: object): AsyncGenerator<StoredDocument[]> {
    const projection = { sha256: 1, progress: 1 };
    return pagesOf(
      this.#options.database
        .collection<StoredDocument>(collections.documents)
        .find<StoredDocument>(filter, { projection }),
    );
  }

  /** The contents of these documents that no other document uses. */
  async contentsOnlyOf(connectionId: string, page: readonly StoredDocument[]): Promise<StoredContent[]> {
    const except = page.map(({ _id }) => _id);
    const only: StoredContent[] = [];
    for (const sha256 of new Set(page.flatMap(({ sha256 }) => sha256 ?? []))) {
      if (await this.#options.documents.isContentUsed({ connectionId, sha256, except })) continue;
      const contents = this.#options.database.collection<StoredContent>(collections.documentContents);
      const content = await contents.findOne({ _id: `${connectionId}/${sha256}` }, { projection: { inline: 0 } });
      if (content) only.push(content);
    }
    return only;
  }

  /** Deletes the documents of resources. @returns how many */
  eraseOfResources(
    { type, ids }: { readonly type: string; readonly ids: readonly string[] },
    pass: ErasePass,
  ): Promise<number> {
    return this.erase({ 'resource.id': { $in: ids }, 'resource.type': type }, pass);
  }

  /**
   * Deletes a content before the documents that refer to it, so that a crash in between leaves no content without a document.
   * @returns how many documents
   */
  async erase(filter: object, pass: ErasePass): Promise<number> {
    const { connectionId, signal, onFound, onDeleted } = pass;
    let deleted = 0;
    for await (const page of this.find({ connectionId, ...filter })) {
      signal?.throwIfAborted();
      const ids = page.map(({ _id }) => _id);
      await onFound?.({ documentIds: ids });
      const only = await this.contentsOnlyOf(connectionId, page);
      for (const content of only) {
        await this.#options.contents.removeFiles(content);
        await this.#options.database.collection<Named>(collections.documentContents).deleteOne({ _id: content._id });
      }
      for (const { progress } of page) if (progress) await this.#options.contents.remove(progress);
      const { deletedCount } = await this.#options.database
        .collection<Named>(collections.documents)
        .deleteMany({ _id: { $in: ids } });
      deleted += deletedCount;
      const records = { documents: deletedCount, documentContents: only.length };
      await onDeleted?.(amountsOf({ records, contentBytes: sumBytes(only) }));
    }
    return deleted;
  }
}
