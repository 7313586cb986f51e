export { createResourceService, type ResourceService } from './resource.service.ts';
export { toSourceView } from './source-view.ts';
