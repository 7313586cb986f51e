export { tableError } from './errors.ts';
export type { Cell, TableColumn } from './view/column-type.ts';
export { type CompiledView, compileView } from './view/compile-view.ts';
export type { Row } from './view/make-rows.ts';
export { publishedViews } from './views.ts';
export { formatNames, type TableFormat, tableFormats } from './writers/formats.ts';
export type { TableWriter } from './writers/table-writer.ts';
