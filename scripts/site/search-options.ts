/**
 * A result must have every word, and headings count most. By default one word is enough and long texts win, so that "start a bulk export"
 * found the page about conformance first.
 */
export const searchOptions = { combineWith: 'AND', fuzzy: 0.1, boost: { title: 10, titles: 3, text: 1 } } as const;
