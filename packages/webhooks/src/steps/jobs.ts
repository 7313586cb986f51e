export { deliverJob } from './deliver-webhook.job.ts';
export { notifyJob } from './notify.job.ts';
