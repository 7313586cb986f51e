export { createResourceService, type ResourceService, toSourceView } from './resource.service.ts';
