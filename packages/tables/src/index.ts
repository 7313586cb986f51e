export { compileView } from './view/compile-view.ts';
