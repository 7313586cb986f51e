/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  documents: 'documents',
  documentContents: 'document_contents',
} as const;
