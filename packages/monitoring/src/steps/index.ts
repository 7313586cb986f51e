export { type HistoryDeps, sampleHistory } from './sample-history.ts';
