// usage: pnpm docs:alerts    writes the alert rules of docker/prometheus as an object of the Prometheus Operator
import { writeFileSync } from 'node:fs';
import { renderRules, rulesFile } from './render-rules.ts';

writeFileSync(rulesFile, renderRules());
