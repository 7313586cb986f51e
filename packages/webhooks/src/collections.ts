/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  webhookDeliveries: 'webhook_deliveries',
} as const;
