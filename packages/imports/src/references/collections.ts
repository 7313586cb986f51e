/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = { openReferences: 'open_references', referenceMarks: 'reference_marks' } as const;
